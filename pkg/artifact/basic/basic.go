// Package basic brings the artifact drivers that the executor of most steps needs: those whose libraries are small.
package basic

import (
	// Each registers itself.
	_ "fairlead.dev/fairlead/pkg/artifact/artifactory"
	_ "fairlead.dev/fairlead/pkg/artifact/git"
	_ "fairlead.dev/fairlead/pkg/artifact/http"
	_ "fairlead.dev/fairlead/pkg/artifact/raw"
	_ "fairlead.dev/fairlead/pkg/artifact/s3"
)
