// Package basic brings the artifact drivers that the executor of most steps needs: those whose libraries are small.
package basic

import (
	// Each registers itself.
	_ "fairlead.dev/fairlead/pkg/artifact/s3"
)
