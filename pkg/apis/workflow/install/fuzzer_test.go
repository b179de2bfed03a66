package install

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// fuzzerFuncs fills the types whose JSON is not what their Go fields suggest.
func fuzzerFuncs(runtimeserializer.CodecFactory) []any {
	return []any{
		func(item *v1alpha1.Item, c randfill.Continue) {
			text := quote(c.String(0))
			for _, candidate := range []string{text, fmt.Sprint(c.Int63()), "true", "[" + text + "]", `{"a":` + text + "}"} {
				item.Value = json.RawMessage(candidate)
				if c.Bool() {
					return
				}
			}
		},
		func(object *v1alpha1.Object, c randfill.Continue) {
			object.Value = json.RawMessage(`{"hello":` + quote(c.String(0)) + "}")
		},
		func(plugin *v1alpha1.Plugin, c randfill.Continue) {
			plugin.Value = json.RawMessage(`{"hello":{"text":` + quote(c.String(0)) + "}}")
		},
		func(amount *v1alpha1.Amount, c randfill.Continue) {
			amount.Value = json.Number(fmt.Sprint(c.Int31()))
		},
	}
}

// defaultingFuncs fills the kinds that have defaults and sets those, as decoding does.
func defaultingFuncs(scheme *runtime.Scheme) fuzzer.FuzzerFuncs {
	return func(runtimeserializer.CodecFactory) []any {
		return []any{
			func(object *v1alpha1.Workflow, c randfill.Continue) { c.FillNoCustom(object); scheme.Default(object) },
			func(object *v1alpha1.WorkflowTemplate, c randfill.Continue) {
				c.FillNoCustom(object)
				scheme.Default(object)
			},
			func(object *v1alpha1.ClusterWorkflowTemplate, c randfill.Continue) {
				c.FillNoCustom(object)
				scheme.Default(object)
			},
			func(object *v1alpha1.CronWorkflow, c randfill.Continue) {
				c.FillNoCustom(object)
				scheme.Default(object)
			},
			func(object *v1alpha1.WorkflowTaskSet, c randfill.Continue) {
				c.FillNoCustom(object)
				scheme.Default(object)
			},
			func(object *v1alpha1.NodesUpdate, c randfill.Continue) {
				c.FillNoCustom(object)
				scheme.Default(object)
			},
		}
	}
}

// quote writes text as the JSON that decoding normalises to.
func quote(text string) string {
	var item v1alpha1.Item
	data, err := json.Marshal(text)
	if err == nil {
		err = item.UnmarshalJSON(data)
	}
	if err != nil {
		panic(err)
	}
	return string(item.Value)
}
