package apiserver

import (
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
)

// longRunning tells which requests have no deadline here: watches and logs. Of the two names of the log subresource
// kube-apiserver lets only `log` run for more than a minute; it knows the long ones by name, whatever their group.
func longRunning() request.LongRunningRequestCheck {
	return genericfilters.BasicLongRunningRequestCheck(sets.NewString("watch"), sets.NewString("log", "logs"))
}
