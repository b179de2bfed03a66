package validation

import (
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// outputSources warns of outputs of a composite that no step or task gives: they will not be there.
func (c *specChecker) outputSources(template *v1alpha1.Template, path *field.Path) {
	if !template.IsComposite() {
		return
	}
	for i := range template.Outputs.Artifacts {
		artifact := &template.Outputs.Artifacts[i]
		if artifact.From == "" && artifact.FromExpression == "" && !artifact.Optional {
			c.warn(path.Child("outputs", "artifacts").Index(i).Child("from"), fmt.Sprintf("say which artifact of a step or task %q is, with from or fromExpression: it will not be there", artifact.Name))
		}
	}
}

// validateTemplateArtifacts checks where the inputs and outputs of a template are: V-081 to V-083, V-162 to V-164.
func validateTemplateArtifacts(template *v1alpha1.Template, at *field.Path) (errs field.ErrorList) {
	if len(template.Types()) != 1 {
		return nil
	}
	leaf := template.IsLeaf()
	for i := range template.Inputs.Artifacts {
		artifact := &template.Inputs.Artifacts[i]
		artifactPath := at.Child("inputs", "artifacts").Index(i)
		errs = append(errs, validateArtifactPath(artifact, leaf, artifactPath)...)
		errs = append(errs, validateArtifact(artifact, artifactPath)...)
	}
	for i := range template.Outputs.Artifacts {
		artifact := &template.Outputs.Artifacts[i]
		artifactPath := at.Child("outputs", "artifacts").Index(i)
		errs = append(errs, validateArtifactPath(artifact, leaf, artifactPath)...)
		errs = append(errs, validateArtifact(artifact, artifactPath)...)
		if leaf {
			errs = append(errs, validateDestination(&artifact.ArtifactLocation, artifactPath)...)
		}
		errs = append(errs, validateGlobalName(artifact.GlobalName, artifactPath.Child("globalName"))...)
	}
	for i := range template.Outputs.Parameters {
		errs = append(errs, validateGlobalName(template.Outputs.Parameters[i].GlobalName, at.Child("outputs", "parameters").Index(i).Child("globalName"))...)
	}
	if template.ArchiveLocation != nil { // V-070
		errs = append(errs, validateLocation(template.ArchiveLocation, at.Child("archiveLocation"))...)
		errs = append(errs, validateDestination(template.ArchiveLocation, at.Child("archiveLocation"))...)
	}
	return errs
}

func validateArtifactPath(artifact *v1alpha1.Artifact, leaf bool, at *field.Path) field.ErrorList {
	switch {
	case !leaf && artifact.Path != "":
		return field.ErrorList{field.Forbidden(at.Child("path"), "path only valid in container/script templates")}
	case leaf && artifact.Path == "":
		return field.ErrorList{field.Required(at.Child("path"), fmt.Sprintf("artifact %q did not specify a path", artifact.Name))}
	case leaf && escapes(artifact.Path):
		return field.ErrorList{field.Invalid(at.Child("path"), artifact.Path, "Directory traversal is not permitted")}
	}
	return nil
}

// escapes tells a path that leaves, by way of `..`, the directory it began in.
func escapes(p string) bool {
	prefix, _, found := strings.Cut(p, "/../")
	if !found {
		if prefix, found = strings.CutSuffix(p, "/.."); !found {
			return p == ".." || strings.HasPrefix(p, "../")
		}
	}
	return !strings.HasPrefix(path.Clean(p), prefix)
}

// validateGlobalName checks V-164; what a name with tags becomes is known only at run time.
func validateGlobalName(name string, at *field.Path) field.ErrorList {
	if name == "" || hasTag(name) || argumentNameFormat.MatchString(name) {
		return nil
	}
	return field.ErrorList{field.Invalid(at, name, "must consist of letters, digits, '-' and '_'")}
}

// validateArtifact checks what every artifact has: V-085 to V-090, V-205 to V-207.
func validateArtifact(artifact *v1alpha1.Artifact, at *field.Path) (errs field.ErrorList) {
	if artifact.Mode != nil && (*artifact.Mode < 0 || *artifact.Mode > 0o777) {
		errs = append(errs, field.Invalid(at.Child("mode"), *artifact.Mode, "must be between 0 and 511 (octal 777)"))
	}
	if artifact.ArtifactGC != nil {
		errs = append(errs, validateArtifactGC(artifact.ArtifactGC, at.Child("artifactGC"))...)
	}
	errs = append(errs, validateArchive(artifact.Archive, at.Child("archive"))...)
	return append(errs, validateLocation(&artifact.ArtifactLocation, at)...)
}

func validateArtifactGC(gc *v1alpha1.ArtifactGC, at *field.Path) field.ErrorList {
	return validateChoice(gc.Strategy, []v1alpha1.ArtifactGCStrategy{
		v1alpha1.ArtifactGCStrategyUndefined, v1alpha1.ArtifactGCOnWorkflowCompletion, v1alpha1.ArtifactGCOnWorkflowDeletion, v1alpha1.ArtifactGCNever,
	}, at.Child("strategy"))
}

// locationsOf names the stores that a location speaks of.
func locationsOf(location *v1alpha1.ArtifactLocation) []string {
	var names []string
	for _, candidate := range []struct {
		given bool
		name  string
	}{
		{location.S3 != nil, "s3"}, {location.Git != nil, "git"}, {location.HTTP != nil, "http"}, {location.Artifactory != nil, "artifactory"},
		{location.HDFS != nil, "hdfs"}, {location.Raw != nil, "raw"}, {location.OSS != nil, "oss"}, {location.GCS != nil, "gcs"},
		{location.Azure != nil, "azure"}, {location.Plugin != nil, "plugin"},
	} {
		if candidate.given {
			names = append(names, candidate.name)
		}
	}
	return names
}

func validateLocation(location *v1alpha1.ArtifactLocation, at *field.Path) (errs field.ErrorList) {
	if names := locationsOf(location); len(names) > 1 {
		errs = append(errs, field.Forbidden(at, "an artifact is in one place; here are "+strings.Join(names, " and ")))
	}
	if location.S3 != nil {
		errs = append(errs, validateChoice(location.S3.AddressingStyle, []string{"", "path", "virtual-hosted"}, at.Child("s3", "addressingStyle"))...)
	}
	if location.Git != nil && location.Git.Repo == "" {
		errs = append(errs, field.Required(at.Child("git", "repo"), "git.repo is required"))
	}
	if location.Git != nil && location.Git.Depth != nil && *location.Git.Depth < 0 {
		errs = append(errs, field.Invalid(at.Child("git", "depth"), *location.Git.Depth, "must be 0, for all commits, or more"))
	}
	if location.HDFS != nil {
		errs = append(errs, validateHDFS(location.HDFS, at.Child("hdfs"))...)
	}
	return append(errs, validateStore(location, at)...)
}

// validateHDFS checks V-086 to V-090.
func validateHDFS(hdfs *v1alpha1.HDFSArtifact, at *field.Path) (errs field.ErrorList) {
	if len(hdfs.Addresses) == 0 {
		errs = append(errs, field.Required(at.Child("addresses"), "hdfs.addresses is required"))
	}
	switch {
	case hdfs.Path == "":
		errs = append(errs, field.Required(at.Child("path"), "hdfs.path is required"))
	case !strings.HasPrefix(hdfs.Path, "/") && !hasTag(hdfs.Path):
		errs = append(errs, field.Invalid(at.Child("path"), hdfs.Path, "hdfs.path must be an absolute file path"))
	}
	required := func(kind string, fields map[string]bool, names ...string) {
		for _, name := range names {
			if !fields[name] {
				errs = append(errs, field.Required(at.Child(name), fmt.Sprintf("%s is required with %s", name, kind)))
			}
		}
	}
	given := map[string]bool{
		"krbServicePrincipalName": hdfs.KrbServicePrincipalName != "", "krbConfigConfigMap": hdfs.KrbConfigConfigMap != nil,
		"krbUsername": hdfs.KrbUsername != "", "krbRealm": hdfs.KrbRealm != "",
	}
	switch {
	case hdfs.HDFSUser == "" && hdfs.KrbCCacheSecret == nil && hdfs.KrbKeytabSecret == nil:
		errs = append(errs, field.Required(at.Child("hdfsUser"), "either hdfsUser, krbCCacheSecret or krbKeytabSecret is required"))
	case hdfs.KrbKeytabSecret != nil:
		required("krbKeytabSecret", given, "krbServicePrincipalName", "krbConfigConfigMap", "krbUsername", "krbRealm")
	case hdfs.KrbCCacheSecret != nil:
		required("krbCCacheSecret", given, "krbServicePrincipalName", "krbConfigConfigMap")
	}
	return errs
}
