package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	wfv1 "fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

func TestOptions(t *testing.T) {
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"defaults":              {nil, ""},
		"same group":            {[]string{"--api-group=" + wfv1.GroupName}, ""},
		"another group":         {[]string{"--api-group=example.org"}, wfv1.GroupNameEnv},
		"no workers":            {[]string{"--workers=0"}, "--workers must be at least 1"},
		"no cleanup workers":    {[]string{"--pod-cleanup-workers=0"}, "--pod-cleanup-workers"},
		"image volumes":         {[]string{"--executor-image-volume=maybe"}, "--executor-image-volume must be auto, always or never"},
		"negative limit":        {[]string{"--qps=-1"}, "0 means no limit"},
		"lease times":           {[]string{"--lease-duration=5s"}, "--lease-duration (5s) > --lease-renew-deadline (10s)"},
		"lease times not asked": {[]string{"--lease-duration=5s", "--leader-elect=false"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := NewOptions()
			fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
			o.AddFlags(fs)
			if err := fs.Parse(c.arguments); err != nil {
				t.Fatal(err)
			}
			err := o.Validate()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestMainNamesWhatIsWrong(t *testing.T) {
	for argument, want := range map[string]string{
		"surplus":      `unexpected argument "surplus"`,
		"--no-such":    "unknown flag",
		"--workers=-3": "--workers",
	} {
		if err := Main(t.Context(), []string{argument}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", argument, err)
		}
	}
}

func TestHealth(t *testing.T) {
	fine := check{"fine", func(*http.Request) error { return nil }}
	broken := check{"informers", func(*http.Request) error { return http.ErrServerClosed }}
	mux := healthMux([]check{fine}, []check{fine, broken})
	for path, want := range map[string]int{"/healthz": 200, "/livez": 200, "/readyz": 500} {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if answer.Code != want || want == 500 && !strings.Contains(answer.Body.String(), "informers: ") {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}

func TestMetricsAreServed(t *testing.T) {
	answer := httptest.NewRecorder()
	metricsMux(false).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "argo_workflows_is_leader") {
		t.Errorf("%d %.200s", answer.Code, answer.Body)
	}
}

func TestDefaultsKeepTheFence(t *testing.T) {
	o := NewOptions()
	// A pod whose creation began before the renew deadline has to be created, or not, before others take the Lease.
	if margin := o.LeaseDuration - o.RenewDeadline; margin < 5*time.Second {
		t.Errorf("only %s between renew deadline and lease duration", margin)
	}
}
