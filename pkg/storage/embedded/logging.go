package embedded

import (
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

// klogCore sends etcd's log lines to klog, so that the process has one log. Lines that tell of nothing wrong are shown
// only at higher verbosity: etcd reports its own orderly end, and that one node has no certificates, as errors.
type klogCore struct {
	zapcore.LevelEnabler
	fields  []zapcore.Field
	closing *atomic.Bool
}

var _ zapcore.Core = &klogCore{}

// harmless are beginnings of messages that describe a single node on a unix socket as intended.
var harmless = []string{
	"it isn't recommended to use default name",
	"simple token is not cryptographically signed",
	"Running http and grpc server on single port",
	"setting up serving from embedded etcd failed",
	"failed to register grpc server",
}

func newKlogCore() *klogCore {
	return &klogCore{LevelEnabler: zapcore.WarnLevel, closing: &atomic.Bool{}}
}

func (c *klogCore) logger() *zap.Logger { return zap.New(c) }

// quiet lowers all that follows to verbosity 4: the server is being closed on purpose.
func (c *klogCore) quiet() { c.closing.Store(true) }

// With implements zapcore.Core.
func (c *klogCore) With(fields []zapcore.Field) zapcore.Core {
	all := make([]zapcore.Field, 0, len(c.fields)+len(fields))
	all = append(append(all, c.fields...), fields...)
	return &klogCore{LevelEnabler: c.LevelEnabler, fields: all, closing: c.closing}
}

// Check implements zapcore.Core.
func (c *klogCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements zapcore.Core.
func (c *klogCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range c.fields {
		field.AddTo(encoder)
	}
	for _, field := range fields {
		field.AddTo(encoder)
	}
	keysAndValues := make([]any, 0, 2*len(encoder.Fields)+2)
	for key, value := range encoder.Fields {
		keysAndValues = append(keysAndValues, key, value)
	}
	message := "etcd: " + entry.Message
	switch {
	case c.closing.Load(), isHarmless(entry.Message):
		klog.V(4).InfoS(message, keysAndValues...)
	case entry.Level >= zapcore.ErrorLevel:
		klog.ErrorS(nil, message, keysAndValues...)
	default:
		klog.InfoS(message, keysAndValues...)
	}
	return nil
}

// Sync implements zapcore.Core.
func (c *klogCore) Sync() error { return nil }

func isHarmless(message string) bool {
	for _, prefix := range harmless {
		if strings.HasPrefix(message, prefix) {
			return true
		}
	}
	return false
}
