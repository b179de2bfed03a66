// Package packed carries long texts into a pod in environment variables: compressed, so that the text also fits into the
// pod, and in parts, because Linux limits the length of each variable.
package packed

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limit is how much a text may have when it is packed: etcd takes pods of up to 1.5 MiB, Linux 2 MiB of environment.
const Limit = 1 << 20

// Part is one variable.
type Part struct{ Name, Value string }

// Pack returns the variables of a text. Their names are the prefix with 0, 1 and so on; none has more than the given bytes.
// A text that is too long even so gives no parts, and its packed size.
func Pack(prefix, text string, partBytes int) (parts []Part, size int, err error) {
	var data bytes.Buffer
	encoder := base64.NewEncoder(base64.StdEncoding, &data)
	compressor := gzip.NewWriter(encoder)
	if _, err := io.WriteString(compressor, text); err != nil {
		return nil, 0, err
	}
	if err := errors.Join(compressor.Close(), encoder.Close()); err != nil {
		return nil, 0, err
	}
	size = data.Len()
	if size > Limit {
		return nil, size, nil
	}
	for data.Len() > 0 {
		parts = append(parts, Part{Name: prefix + strconv.Itoa(len(parts)), Value: string(data.Next(partBytes))})
	}
	return parts, size, nil
}

// Open returns the text that came in variables with a prefix; nil when there are none.
func Open(prefix string, getenv func(string) string) (io.Reader, error) {
	var data strings.Builder
	for i := 0; ; i++ {
		part := getenv(prefix + strconv.Itoa(i))
		if part == "" {
			break
		}
		data.WriteString(part)
	}
	if data.Len() == 0 {
		return nil, nil
	}
	text, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data.String())))
	if err != nil {
		return nil, fmt.Errorf("what is in %s* cannot be read: %w", prefix, err)
	}
	return text, nil
}

// Text returns the text of a variable, which came whole, or in parts that are named after it.
func Text(variable string, getenv func(string) string) (string, error) {
	if text := getenv(variable); text != "" {
		return text, nil
	}
	long, err := Open(variable+"_", getenv)
	if err != nil {
		return "", err
	}
	if long == nil {
		return "", fmt.Errorf("the environment variable %s is not set: this program is started by Fairlead's controller", variable)
	}
	data, err := io.ReadAll(long)
	if err != nil {
		return "", fmt.Errorf("%s_*: %w", variable, err)
	}
	return string(data), nil
}
