package validation

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateProbes checks probes and lifecycle handlers.
func validateProbes(c *corev1.Container, path *field.Path, role containerRole) (errs field.ErrorList) {
	for _, probe := range []struct {
		name     string
		probe    *corev1.Probe
		oneIsAll bool // a single success decides
	}{{"livenessProbe", c.LivenessProbe, true}, {"readinessProbe", c.ReadinessProbe, false}, {"startupProbe", c.StartupProbe, true}} {
		if probe.probe == nil {
			continue
		}
		at := path.Child(probe.name)
		if role.init && (c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways) {
			errs = append(errs, field.Forbidden(at, "may not be set for init containers without restartPolicy=Always"))
		}
		errs = append(errs, validateProbe(probe.probe, at, role)...)
		if threshold := probe.probe.SuccessThreshold; probe.oneIsAll && threshold > 1 {
			errs = append(errs, field.Invalid(at.Child("successThreshold"), threshold, "must be 1"))
		}
	}
	if c.Lifecycle != nil {
		at := path.Child("lifecycle")
		if role.init && (c.RestartPolicy == nil || *c.RestartPolicy != corev1.ContainerRestartPolicyAlways) {
			errs = append(errs, field.Forbidden(at, "may not be set for init containers without restartPolicy=Always"))
		}
		for _, h := range []struct {
			name    string
			handler *corev1.LifecycleHandler
		}{{"postStart", c.Lifecycle.PostStart}, {"preStop", c.Lifecycle.PreStop}} {
			if h.handler != nil {
				errs = append(errs, validateHandler(handler{exec: h.handler.Exec, http: h.handler.HTTPGet, tcp: h.handler.TCPSocket, sleep: h.handler.Sleep}, at.Child(h.name), role)...)
			}
		}
	}
	return errs
}

func validateProbe(p *corev1.Probe, path *field.Path, role containerRole) (errs field.ErrorList) {
	errs = validateHandler(handler{exec: p.Exec, http: p.HTTPGet, tcp: p.TCPSocket, grpc: p.GRPC}, path, role)
	for _, number := range []struct {
		name  string
		value int32
	}{
		{"initialDelaySeconds", p.InitialDelaySeconds}, {"timeoutSeconds", p.TimeoutSeconds}, {"periodSeconds", p.PeriodSeconds},
		{"successThreshold", p.SuccessThreshold}, {"failureThreshold", p.FailureThreshold},
	} {
		if number.value < 0 {
			errs = append(errs, field.Invalid(path.Child(number.name), number.value, "must be greater than or equal to 0"))
		}
	}
	return errs
}

// handler is what probes and lifecycle handlers have in common.
type handler struct {
	exec  *corev1.ExecAction
	http  *corev1.HTTPGetAction
	tcp   *corev1.TCPSocketAction
	grpc  *corev1.GRPCAction
	sleep *corev1.SleepAction
}

func validateHandler(h handler, path *field.Path, role containerRole) (errs field.ErrorList) {
	given := 0
	if h.exec != nil {
		given++
		if len(h.exec.Command) == 0 && !role.completed {
			errs = append(errs, field.Required(path.Child("exec", "command"), "say what to run"))
		}
	}
	if h.http != nil {
		given++
		errs = append(errs, validatePort(h.http.Port, path.Child("httpGet", "port"))...)
		errs = append(errs, literalChoice(h.http.Scheme, path.Child("httpGet", "scheme"), "", corev1.URISchemeHTTP, corev1.URISchemeHTTPS)...)
	}
	if h.tcp != nil {
		given++
		errs = append(errs, validatePort(h.tcp.Port, path.Child("tcpSocket", "port"))...)
	}
	if h.grpc != nil {
		given++
		errs = append(errs, problems(validation.IsValidPortNum(int(h.grpc.Port)), h.grpc.Port, path.Child("grpc", "port"))...)
	}
	if h.sleep != nil {
		given++
	}
	switch {
	case given == 0 && !role.completed:
		errs = append(errs, field.Required(path, "must specify a handler type: exec, httpGet, tcpSocket or grpc"))
	case given > 1:
		errs = append(errs, field.Forbidden(path, "may not specify more than 1 handler type"))
	}
	return errs
}

func validatePort(port intstr.IntOrString, path *field.Path) field.ErrorList {
	if port.Type == intstr.Int {
		return problems(validation.IsValidPortNum(int(port.IntVal)), port.IntVal, path)
	}
	if hasTag(port.StrVal) {
		return nil
	}
	return problems(validation.IsValidPortName(port.StrVal), port.StrVal, path)
}
