package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

func TestParse_CFG01(t *testing.T) {
	cases := map[string]struct {
		data map[string]string
		want string // part of the error; empty: none
	}{
		"empty":                   {nil, ""},
		"one key a setting":       {map[string]string{"parallelism": "10", "resourceRateLimit": "limit: 10\nburst: 25\n"}, ""},
		"all in one":              {map[string]string{"config": "parallelism: 10\nnodeEvents:\n  enabled: false\n"}, ""},
		"both":                    {map[string]string{"config": "parallelism: 10", "images": "{}"}, "move images into it"},
		"unknown key":             {map[string]string{"paralelism": "10"}, "paralelism: unknown key; did you mean parallelism?"},
		"unknown key inside":      {map[string]string{"config": "nodeEvent: {}"}, "nodeEvent: unknown key; did you mean nodeEvents?"},
		"nothing like it":         {map[string]string{"xyz": "1"}, "xyz: unknown key"},
		"unknown field":           {map[string]string{"resourceRateLimit": "limits: 3"}, `resourceRateLimit: unknown field "limits"; did you mean limit?`},
		"unknown field, deep":     {map[string]string{"workflowDefaults": "spec:\n  ttlStrategie: {}"}, `unknown field "ttlStrategie"; did you mean ttlStrategy?`},
		"wrong type":              {map[string]string{"parallelism": "many"}, "parallelism: "},
		"no YAML":                 {map[string]string{"executor": "{"}, "executor: no YAML"},
		"empty text":              {map[string]string{"executor": ""}, ""},
		"text that is a number":   {map[string]string{"instanceID": "123"}, ""},
		"twice the same":          {map[string]string{"config": "parallelism: 1\nparallelism: 2"}, "already"},
		"negative":                {map[string]string{"parallelism": "-1"}, "parallelism: must not be negative"},
		"rate of nothing":         {map[string]string{"resourceRateLimit": "limit: 0\nburst: 1"}, "resourceRateLimit: limit must be more than 0"},
		"restriction":             {map[string]string{"workflowRestrictions": "templateReferencing: Lax"}, `must be Strict or Secure, is "Lax"`},
		"two stores":              {map[string]string{"artifactRepository": "s3: {bucket: a}\ngcs: {bucket: b}"}, "2 kinds of storage"},
		"no duration":             {map[string]string{"initialDelay": "soon"}, "initialDelay: "},
		"template as default":     {map[string]string{"workflowDefaults": "spec: {workflowTemplateRef: {name: x}}"}, "workflowDefaults.spec.workflowTemplateRef"},
		"known, without effect":   {map[string]string{"sso": "issuer: https://example.com\n", "navColor": "red", "links": "- {name: a, scope: pod, url: x}"}, ""},
		"all problems are listed": {map[string]string{"foo": "1", "initialDelay": "x"}, "foo: unknown key\ninitialDelay"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			parsed, err := Parse(c.data)
			if c.want == "" && (err != nil || parsed == nil) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestEveryKey_CFG02 gives every key a value and looks whether it arrives or is reported.
func TestEveryKey_CFG02(t *testing.T) {
	values := map[string]string{
		"instanceID": "blue", "namespace": "argo", "parallelism": "10", "namespaceParallelism": "4",
		"resourceRateLimit": "limit: 10\nburst: 25", "nodeEvents": "enabled: true\nsendAsPod: true", "workflowEvents": "enabled: false",
		"executor": "imagePullPolicy: IfNotPresent\nresources: {requests: {cpu: 100m}}", "mainContainer": "resources: {limits: {memory: 1Gi}}",
		"kubeConfig": "{secretName: s, secretKey: k, volumeName: v, mountPath: /m}", "artifactRepository": "archiveLogs: true\ns3: {bucket: b, endpoint: e}",
		"artifactDrivers": "- {name: d, image: i, connectionTimeoutSeconds: 5}", "links": "- {name: a, scope: pod, url: u, target: _blank}",
		"columns": "- {name: a, type: label, key: k}", "navColor": "red", "metricsConfig": "enabled: true", "telemetryConfig": "enabled: true",
		"persistence": "archive: true", "synchronization": "enableAPI: true", "semaphoreLimitCacheSeconds": "60", "sso": "issuer: i",
		"workflowDefaults": "metadata: {labels: {a: b}}\nspec: {serviceAccountName: sa}", "workflowRestrictions": "templateReferencing: Secure",
		"podSpecLogStrategy": "failedPod: true\nallPods: true", "podGCGracePeriodSeconds": "60", "podGCDeleteDelayDuration": "30s",
		"initialDelay": "1m", "images": "docker/whalesay:latest:\n  entrypoint: [a]\n  cmd: [b]", "retentionPolicy": "completed: 1\nfailed: 2\nerrored: 3",
		// V-271: pods without init containers are no choice here.
		"failedPodRestart": "enabled: true\nmaxRestarts: 5\nbackoffSeconds: 60", "disableAgentPodCreation": "true", "initlessPod": "enabled: true",
	}
	ignored := map[string]bool{}
	c, err := Parse(values)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.Ignored() {
		ignored[i.Key] = true
		if _, ok := values[i.Key]; !ok || i.Why == "" {
			t.Errorf("%+v", i)
		}
	}
	for _, key := range keys {
		value, ok := values[key]
		if !ok {
			t.Errorf("%s: no value to test with", key)
			continue
		}
		alone, err := Parse(map[string]string{key: value})
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		text, err := yaml.Marshal(alone)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), key+":") {
			t.Errorf("%s: lost\n%s", key, text)
		}
	}
	times, pause := c.Restarts()
	if c.InstanceID != "blue" || c.DeleteDelay() != 30*time.Second || times != 5 || pause != time.Minute || c.InitialDelay.Duration != time.Minute ||
		c.Images["docker/whalesay:latest"].Cmd[0] != "b" || c.Referencing() != ReferencingSecure || c.EmitsWorkflowEvents() {
		t.Errorf("%+v", c)
	}
	for _, key := range fieldNames(reflect.TypeFor[Elsewhere]()) {
		if !ignored[key] {
			t.Errorf("%s has no effect, and nobody is told", key)
		}
	}
	for key := range ignored {
		if key == "parallelism" || key == "images" {
			t.Errorf("%s is said to have no effect", key)
		}
	}
}

func TestArtifactDrivers_DRV10(t *testing.T) {
	for text, want := range map[string]string{
		"- {name: shelf, image: i}\n- {name: attic, image: i}": "",
		"- {name: shelf}": "artifactDrivers[0]: image: is missing",
		"- {name: shelf, image: i}\n- {name: shelf, image: j}":    `artifactDrivers[1]: there is a driver "shelf" already`,
		"- {name: Shelf_1, image: i}":                             `artifactDrivers[0]: name "Shelf_1": `,
		"- {name: " + strings.Repeat("a", 48) + ", image: i}":     "is longer than 47 characters",
		"- {name: shelf, image: i, connectionTimeoutSeconds: -1}": "connectionTimeoutSeconds: must not be negative, is -1",
		"- {name: shelf, image: i, connectTimeoutSeconds: 5}":     "did you mean connectionTimeoutSeconds?",
	} {
		_, err := Parse(map[string]string{"artifactDrivers": text})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestParseRepository_ART10(t *testing.T) {
	r, err := ParseRepository("s3:\n  bucket: b\n  keyFormat: x\n")
	if err != nil || r.S3.Bucket != "b" || r.S3.KeyFormat != "x" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := ParseRepository("s3: {buckets: b}"); err == nil || !strings.Contains(err.Error(), "did you mean bucket?") {
		t.Errorf("%v", err)
	}
}
