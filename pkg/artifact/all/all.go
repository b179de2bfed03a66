// Package all brings every artifact driver there is: those of package basic, and those of clouds, whose libraries are large.
package all

import (
	// Each registers itself.
	_ "fairlead.dev/fairlead/pkg/artifact/azure"
	_ "fairlead.dev/fairlead/pkg/artifact/basic"
	_ "fairlead.dev/fairlead/pkg/artifact/gcs"
	_ "fairlead.dev/fairlead/pkg/artifact/hdfs"
	_ "fairlead.dev/fairlead/pkg/artifact/oss"
	_ "fairlead.dev/fairlead/pkg/artifact/plugin"
)
