package engine

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strings"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// placement is where the outputs of one pod go, worked out from what its workflow and its repository say. The pod was built
// by the same rules (package artifact/location, which the engine does not see); here they tell what a pod may report.
type placement struct {
	base   *v1alpha1.ArtifactLocation // nil: neither archiveLocation nor repository
	prefix string                     // what keys begin with
	own    bool                       // the archiveLocation names a store of its own, so whole locations are reported
}

// storeRule tells of one kind of store what a location of it takes from the archiveLocation or the repository. Fields have
// their JSON names.
type storeRule struct {
	key                   string   // empty: the path of its url
	required              []string // a location with these and a key is whole
	address               string   // a location with another address takes nothing: credentials stay with their store
	gives, keeps          []string // fields of the repository that are taken, and of the location that stay; nil: all
	credentials, decisive []string // credentials come together, from the location if it has a decisive one
}

var storeRules = map[string]storeRule{
	"s3": {key: "key", required: []string{"endpoint", "bucket"}, address: "endpoint", decisive: []string{"accessKeySecret", "useSDKCreds", "roleARN"},
		credentials: []string{"accessKeySecret", "secretKeySecret", "sessionTokenSecret", "useSDKCreds", "roleARN"}},
	"oss": {key: "key", required: []string{"endpoint", "bucket"}, address: "endpoint", decisive: []string{"accessKeySecret", "useSDKCreds"},
		credentials: []string{"accessKeySecret", "secretKeySecret", "securityToken", "useSDKCreds"}},
	"gcs":         {key: "key", required: []string{"bucket"}, gives: []string{"bucket", "serviceAccountKeySecret"}},
	"azure":       {key: "blob", required: []string{"endpoint", "container"}, address: "endpoint", keeps: []string{"container"}},
	"hdfs":        {key: "path", required: []string{"addresses"}, keeps: []string{"force"}},
	"plugin":      {key: "key", required: []string{"name"}, address: "name", gives: []string{"name", "configuration"}},
	"http":        {required: []string{"url"}},
	"artifactory": {required: []string{"url"}},
	"git":         {required: []string{"repo"}},
	"raw":         {},
}

// storeFields are the kind of a location, what it says about its store, and its key. Empty fields count as not given.
func storeFields(l *v1alpha1.ArtifactLocation) (kind string, fields map[string]any, key string) {
	text, err := json.Marshal(l)
	all := map[string]any{}
	if err != nil || json.Unmarshal(text, &all) != nil {
		return "", nil, ""
	}
	delete(all, "archiveLogs")
	for name, value := range all {
		if fields, _ = value.(map[string]any); fields == nil || len(all) != 1 {
			return "", nil, ""
		}
		kind = name
	}
	key, _ = l.GetKey()
	delete(fields, storeRules[kind].key)
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	return kind, fields, key
}

// locationOf is the inverse of storeFields.
func locationOf(kind string, fields map[string]any, key string) (*v1alpha1.ArtifactLocation, bool) {
	l := &v1alpha1.ArtifactLocation{}
	text, err := json.Marshal(map[string]any{kind: fields})
	if err != nil || json.Unmarshal(text, l) != nil {
		return nil, false
	}
	return l, l.SetKey(key) == nil
}

// whole tells whether a location needs nothing from a repository.
func (s storeRule) whole(fields map[string]any, key string) bool {
	return (s.key == "" || key != "") && !slices.ContainsFunc(s.required, func(name string) bool { return fields[name] == nil })
}

// merge gives what a location says about its store with what it takes from base, which is of the same kind.
func (s storeRule) merge(own, base map[string]any) map[string]any {
	if s.key == "" || s.address != "" && own[s.address] != nil && own[s.address] != base[s.address] {
		return own
	}
	if own["addresses"] != nil { // HDFS takes all of a cluster or nothing, but for `force`
		if base["force"] != nil {
			own["force"] = true
		}
		return own
	}
	ownCredentials := slices.ContainsFunc(s.decisive, func(name string) bool { return own[name] != nil })
	merged := map[string]any{}
	for name, value := range base {
		if (s.gives == nil || slices.Contains(s.gives, name)) && (!ownCredentials || !slices.Contains(s.credentials, name)) {
			merged[name] = value
		}
	}
	for name, value := range own {
		if (s.keeps == nil || slices.Contains(s.keeps, name)) && (ownCredentials || !slices.Contains(s.credentials, name)) {
			merged[name] = value
		}
	}
	return merged
}

// placementOf joins a template's archiveLocation with the repository (ART-10). false: nothing can be stored there.
func placementOf(archive *v1alpha1.ArtifactLocation, repository *v1alpha1.ArtifactRepository, prefix string) (placement, bool) {
	base, ok := repositoryLocation(repository, prefix)
	kind, fields, key := "", map[string]any(nil), ""
	if archive != nil {
		kind, fields, key = storeFields(archive)
	}
	if !ok || kind == "" {
		if base != nil {
			prefix, _ = base.GetKey()
		}
		return placement{base: base, prefix: prefix}, ok
	}
	if key == "" {
		key = prefix
	}
	rule := storeRules[kind]
	own := rule.key == "" || slices.ContainsFunc(rule.required, func(name string) bool { return fields[name] != nil })
	l, ok := relocated(archive, base, key)
	return placement{base: l, prefix: key, own: own}, ok
}

// repositoryLocation is the location of a key in a repository; nil: there is none.
func repositoryLocation(repository *v1alpha1.ArtifactRepository, key string) (*v1alpha1.ArtifactLocation, bool) {
	l := &v1alpha1.ArtifactLocation{}
	switch p := repository; {
	case p == nil:
		return nil, true
	case p.S3 != nil:
		l.S3 = &v1alpha1.S3Artifact{S3Bucket: p.S3.S3Bucket, Key: key}
	case p.GCS != nil:
		l.GCS = &v1alpha1.GCSArtifact{GCSBucket: p.GCS.GCSBucket, Key: key}
	case p.OSS != nil:
		l.OSS = &v1alpha1.OSSArtifact{OSSBucket: p.OSS.OSSBucket, Key: key}
	case p.Azure != nil:
		l.Azure = &v1alpha1.AzureArtifact{AzureBlobContainer: p.Azure.AzureBlobContainer, Blob: key}
	case p.HDFS != nil:
		l.HDFS = &v1alpha1.HDFSArtifact{HDFSConfig: p.HDFS.HDFSConfig, Path: key, Force: p.HDFS.Force}
	case p.Plugin != nil:
		l.Plugin = &v1alpha1.PluginArtifact{Name: p.Plugin.Name, Configuration: p.Plugin.Configuration, Key: key}
	case p.Artifactory != nil:
		address, err := url.JoinPath(p.Artifactory.RepoURL, key)
		l.Artifactory = &v1alpha1.ArtifactoryArtifact{URL: address, ArtifactoryAuth: p.Artifactory.ArtifactoryAuth}
		return l, err == nil
	default:
		return nil, true
	}
	return l, true
}

// relocated is a location with what it lacks: the key, and what base says about the store (ART-08).
func relocated(l, base *v1alpha1.ArtifactLocation, defaultKey string) (*v1alpha1.ArtifactLocation, bool) {
	kind, fields, key := storeFields(l)
	rule := storeRules[kind]
	if kind != "" && rule.whole(fields, key) {
		whole := l.DeepCopy()
		whole.ArchiveLogs = nil
		return whole, true
	}
	if key == "" {
		key = defaultKey
	}
	if base == nil || key == "" {
		return nil, false
	}
	baseKind, baseFields, baseKey := storeFields(base)
	if baseKind != kind && kind != "" && rule.key != "" && rule.whole(fields, key) {
		return locationOf(kind, fields, key) // it names its store, and lacked only the key
	}
	if baseKind != kind {
		if baseKind == "artifactory" {
			if rooted := "/" + strings.TrimPrefix(key, "/"); baseKey == "" || baseKey == "/" || !strings.HasPrefix(rooted, baseKey) {
				key = path.Join(baseKey, key)
			}
		}
		return locationOf(baseKind, baseFields, key)
	}
	merged := rule.merge(fields, baseFields)
	if !rule.whole(merged, key) {
		return nil, false
	}
	return locationOf(kind, merged, key)
}

// reported is the form in which the location of an output is reported: what the repository gives is left out (ART-08,
// ART-09). false: the pod cannot have stored it.
func (p placement) reported(declared *v1alpha1.ArtifactLocation, fileName string) (*v1alpha1.ArtifactLocation, bool) {
	kind, fields, key := storeFields(declared)
	if rule := storeRules[kind]; kind != "" && rule.whole(fields, key) {
		return declared.DeepCopy(), true
	}
	defaultKey := fileName
	if p.prefix != "" {
		defaultKey = strings.TrimSuffix(p.prefix, "/") + "/" + fileName
	}
	stored, ok := relocated(declared, p.base, defaultKey)
	if !ok {
		return nil, false
	}
	storedKind, _, key := storeFields(stored)
	if p.own || storeRules[storedKind].key == "" {
		return stored, true
	}
	if storedKind != kind {
		fields = map[string]any{}
	}
	l, ok := locationOf(storedKind, fields, key)
	return l, ok
}

// outputFileName is the last part of the key of an output without a key (ART-09).
func outputFileName(a *v1alpha1.Artifact) string {
	switch {
	case a.Archive != nil && a.Archive.None != nil:
		return path.Base(a.Path)
	case a.Archive != nil && a.Archive.Zip != nil:
		return a.Name + ".zip"
	}
	return a.Name + ".tgz"
}
