package install

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	serializerjson "k8s.io/apimachinery/pkg/runtime/serializer/json"

	"fairlead.dev/fairlead/pkg/apis/workflow/exampletest"
)

// Every example decodes with unknown and duplicate fields refused, and means the same after a round trip (RES-01…RES-16).
func TestExamplesRoundTrip(t *testing.T) {
	documents := exampletest.Load(t)
	scheme := runtime.NewScheme()
	Install(scheme)
	strict := serializerjson.NewSerializerWithOptions(serializerjson.DefaultMetaFactory, scheme, scheme, serializerjson.SerializerOptions{Strict: true})
	for _, document := range documents {
		t.Run(fmt.Sprintf("%s#%d", document.File, document.Index), func(t *testing.T) {
			object, _, err := strict.Decode(document.JSON, nil, nil)
			if err != nil {
				t.Fatalf("does not decode: %v", err)
			}
			encoded, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			var want, got any
			if err := json.Unmarshal(document.JSON, &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatal(err)
			}
			for _, difference := range differences("", want, got) {
				t.Error(difference)
			}
		})
	}
}

// droppedWhenEmpty are the fields whose empty object means the same as their absence. Of all others, an empty object
// (`suspend: {}`, `emptyDir: {}`) is a statement and must survive.
var droppedWhenEmpty = map[string]bool{"arguments": true, "inputs": true, "outputs": true, "metadata": true, "status": true}

// differences compares a manifest with what is left of it after a round trip.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: an object became %T", path, got)}
		}
		var found []string
		for key, value := range want {
			if _, present := got[key]; !present {
				if !meansAbsent(key, value) {
					found = append(found, fmt.Sprintf("%s.%s: %v was lost", path, key, value))
				}
				continue
			}
			found = append(found, differences(path+"."+key, value, got[key])...)
		}
		for key, value := range got {
			if _, present := want[key]; !present && !alwaysWritten(key, value) {
				found = append(found, fmt.Sprintf("%s.%s: %v was added", path, key, value))
			}
		}
		return found
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return []string{fmt.Sprintf("%s: list of %d became %v", path, len(want), got)}
		}
		var found []string
		for i := range want {
			found = append(found, differences(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
		}
		return found
	default:
		if want != got && !sameScalar(want, got) {
			return []string{fmt.Sprintf("%s: %v (%T) became %v (%T)", path, want, want, got, got)}
		}
		return nil
	}
}

// meansAbsent tells whether a value may be left out when written.
func meansAbsent(key string, value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case map[string]any:
		return len(value) == 0 && droppedWhenEmpty[key]
	}
	return false
}

// alwaysWritten tells whether Kubernetes' own types write the field even when it is empty: the name and resources of a
// container, the status of a claim.
func alwaysWritten(key string, value any) bool {
	switch value := value.(type) {
	case string:
		return value == "" && key == "name"
	case map[string]any:
		return len(value) == 0 && (key == "resources" || key == "status")
	}
	return false
}

// sameScalar lets numbers and booleans become text (RES-09) and quantities take another form of the same amount.
func sameScalar(want, got any) bool {
	if fmt.Sprint(want) == fmt.Sprint(got) {
		return true
	}
	a, errA := resource.ParseQuantity(fmt.Sprint(want))
	b, errB := resource.ParseQuantity(fmt.Sprint(got))
	return errA == nil && errB == nil && a.Cmp(b) == 0
}
