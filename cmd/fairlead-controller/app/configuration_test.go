package app

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"fairlead.dev/fairlead/pkg/controller/config"
)

func TestPodSettings_CFG02(t *testing.T) {
	c, err := config.Parse(map[string]string{
		"executor": "resources: {requests: {cpu: 1}}", "mainContainer": "env: [{name: a, value: b}]", "images": "x:\n  entrypoint: [e]\n  cmd: [c]",
		"podGCDeleteDelayDuration": "30s", "instanceID": "blue",
	})
	if err != nil {
		t.Fatal(err)
	}
	s := podSettings(c)
	if s.Executor.Resources.Requests.Cpu().Value() != 1 || s.MainContainer.Env[0] != (corev1.EnvVar{Name: "a", Value: "b"}) || s.Images["x"].Entrypoint[0] != "e" ||
		s.Images["x"].Cmd[0] != "c" || *s.PodGCDeleteDelay != 30*time.Second || s.InstanceID != "blue" {
		t.Errorf("%+v", s)
	}
	if s := podSettings(&config.Config{}); s.PodGCDeleteDelay != nil || s.Images != nil {
		t.Errorf("%+v", s)
	}
}
