package parts

import (
	"context"
	"maps"
	"reflect"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// split returns a workflow as it is stored, after it has stored the large parts that are new. before is what the write began
// with, nil for a new workflow, and references are the annotations that it was stored with. The given workflow stays as it is.
func (s whole) split(ctx context.Context, w, before *v1alpha1.Workflow, references map[string]string) (*v1alpha1.Workflow, error) {
	result := *w
	result.Annotations = withoutReferences(w.Annotations)
	for _, p := range parts {
		digest, err := s.digest(ctx, p, w, before, references[p.annotation])
		if err != nil {
			return nil, err
		}
		if digest == "" {
			continue
		}
		p.put(&result, content{})
		annotations := make(map[string]string, len(result.Annotations)+1)
		maps.Copy(annotations, result.Annotations)
		annotations[p.annotation] = digest
		result.Annotations = annotations
	}
	return &result, nil
}

// digest returns the digest of a part of a workflow, which is in the store then; empty when the part stays inside.
func (s whole) digest(ctx context.Context, p part, w, before *v1alpha1.Workflow, reference string) (string, error) {
	given := p.of(w)
	if before != nil {
		earlier := p.of(before)
		// A part that is referred to and empty is one that was lost; should it be found again, its workflow still refers to it.
		lost := reference != "" && reflect.DeepEqual(earlier, content{}) && reflect.DeepEqual(given, content{})
		if lost || sameParts(ctx) && given.same(&earlier) {
			return reference, nil
		}
	}
	data, digest, err := given.encode()
	if err != nil || len(data) <= s.parts.limit {
		return "", err
	}
	if digest == reference {
		return digest, nil
	}
	return digest, s.parts.save(ctx, ownerOf(w), digest, data)
}
