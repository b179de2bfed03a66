package nodes

import (
	"fmt"
	"testing"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
	"fairlead.dev/fairlead/pkg/registry/workflow/storagetest"
)

// BenchmarkApply is the cost of one transition in the store of pages alone, for tables of several sizes.
func BenchmarkApply(b *testing.B) {
	for _, count := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			store := open(b, storagetest.Start(b), Options{})
			created := must[Result](b)(store.Apply(b.Context(), ref, "", pages(count)))
			middle := count / 2
			index := middle / v1alpha1.NodesPerPage
			version := created.Versions[index].ResourceVersion
			commit := highest(created)
			phases := []v1alpha1.NodePhase{v1alpha1.NodeRunning, v1alpha1.NodeSucceeded}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				result := must[Result](b)(store.Apply(b.Context(), ref, commit, []v1alpha1.NodePageChange{{
					Index: int32(index), ResourceVersion: version, Set: []v1alpha1.NodeStatus{node(middle, phases[i%2])},
				}}))
				version, i = result.Versions[0].ResourceVersion, i+1
				commit = version
			}
		})
	}
}

// BenchmarkLoad is the cost of reading a whole table.
func BenchmarkLoad(b *testing.B) {
	for _, count := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("nodes=%d", count), func(b *testing.B) {
			store := open(b, storagetest.Start(b), Options{})
			commit := highest(must[Result](b)(store.Apply(b.Context(), ref, "", pages(count))))
			b.ReportAllocs()
			for b.Loop() {
				table := must[*Table](b)(store.Load(b.Context(), ref, LoadOptions{Revision: commit}))
				table.Release()
			}
		})
	}
}
