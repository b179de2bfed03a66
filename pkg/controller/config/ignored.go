package config

import "reflect"

// Ignored is a key that is set and has no effect, and why.
type Ignored struct{ Key, Why string }

// String says it for people.
func (i Ignored) String() string { return i.Key + " has no effect here, because " + i.Why }

// Ignored lists the keys that are set and have no effect on this controller, so that nobody relies on them unawares.
func (c *Config) Ignored() []Ignored {
	var list []Ignored
	note := func(set bool, key, why string) {
		if set {
			list = append(list, Ignored{key, why})
		}
	}
	note(c.Namespace != "", "namespace", "the flag --namespace restricts the controller to one")
	note(c.KubeConfig != nil, "kubeConfig", "pods report to the cluster that they run in")
	note(len(c.Links) > 0, "links", "there is no user interface that would show them")
	note(len(c.Columns) > 0, "columns", "there is no user interface that would show them")
	note(c.NavColor != "", "navColor", "there is no user interface that would show it")
	if m := c.MetricsConfig; m != nil {
		m2 := *m
		m2.MetricsTTL = Duration{}
		note(!reflect.DeepEqual(m2, MetricsConfig{}), "metricsConfig", "of it only metricsTTL counts: the flag --metrics-bind-address says where metrics are served")
	}
	note(c.TelemetryConfig != nil, "telemetryConfig", "metrics are scraped, not sent")
	note(c.Persistence != nil, "persistence", "fairlead-apiserver stores workflows of any size itself; no database is used")
	note(c.Synchronization != nil, "synchronization", "this version has no locks")
	note(c.SemaphoreLimitCache != nil, "semaphoreLimitCacheSeconds", "this version has no locks")
	note(c.SSO != nil, "sso", "who somebody is and what they may do is decided by Kubernetes")
	note(c.DisableAgentPodCreation != nil, "disableAgentPodCreation", "this version makes no agent pods")
	if e := c.Executor; e != nil {
		note(len(e.Command) > 0, "executor.command", "the helpers' command is fixed")
		note(len(e.Args) > 0, "executor.args", "the helpers take no flags")
		note(len(e.VolumeMounts) > 0, "executor.volumeMounts", "the helpers' mounts are fixed")
	}
	return list
}
