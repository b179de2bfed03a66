package validation

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// validateStore checks what the drivers of stores demand of a location and can be seen without the store.
func validateStore(location *v1alpha1.ArtifactLocation, at *field.Path) (errs field.ErrorList) {
	if location.S3 != nil && location.S3.EncryptionOptions != nil {
		errs = append(errs, validateEncryption(&location.S3.S3Bucket, at.Child("s3", "encryptionOptions"))...)
	}
	if git := location.Git; git != nil && git.SingleBranch && git.Branch == "" {
		errs = append(errs, field.Required(at.Child("git", "branch"), "git.singleBranch needs git.branch"))
	}
	if hdfs := location.HDFS; hdfs != nil {
		errs = append(errs, validateChoice(hdfs.DataTransferProtection, []string{"", "authentication", "integrity", "privacy"}, at.Child("hdfs", "dataTransferProtection"))...)
		if hdfs.KrbCCacheSecret != nil && hdfs.KrbKeytabSecret != nil {
			errs = append(errs, field.Forbidden(at.Child("hdfs", "krbKeytabSecret"), "set hdfs.krbCCacheSecret or hdfs.krbKeytabSecret, not both"))
		}
	}
	if location.OSS != nil && location.OSS.LifecycleRule != nil {
		access, deletion := location.OSS.LifecycleRule.MarkInfrequentAccessAfterDays, location.OSS.LifecycleRule.MarkDeletionAfterDays
		if access > 0 && deletion > 0 && access >= deletion {
			errs = append(errs, field.Invalid(at.Child("oss", "lifecycleRule", "markInfrequentAccessAfterDays"), access, "must be less than markDeletionAfterDays"))
		}
	}
	if plugin := location.Plugin; plugin != nil && strings.ContainsAny(string(plugin.Name), `/\`) && !hasTag(string(plugin.Name)) {
		errs = append(errs, field.Invalid(at.Child("plugin", "name"), plugin.Name, "is no name of an artifact driver"))
	}
	return errs
}

func validateEncryption(bucket *v1alpha1.S3Bucket, at *field.Path) (errs field.ErrorList) {
	options := bucket.EncryptionOptions
	if !options.EnableEncryption {
		return nil
	}
	switch customer := options.ServerSideCustomerKeySecret != nil; {
	case customer && options.KmsKeyId != "":
		errs = append(errs, field.Forbidden(at.Child("serverSideCustomerKeySecret"), "set kmsKeyId or serverSideCustomerKeySecret, not both"))
	case options.KmsEncryptionContext != "" && options.KmsKeyId == "":
		errs = append(errs, field.Required(at.Child("kmsKeyId"), "kmsEncryptionContext needs kmsKeyId"))
	case customer && bucket.Insecure != nil && *bucket.Insecure:
		errs = append(errs, field.Forbidden(at.Child("serverSideCustomerKeySecret"), "it needs TLS, as the key travels with every request: unset s3.insecure"))
	}
	if text := options.KmsEncryptionContext; text != "" && !hasTag(text) {
		var pairs map[string]string
		if err := json.Unmarshal([]byte(text), &pairs); err != nil {
			errs = append(errs, field.Invalid(at.Child("kmsEncryptionContext"), text, "must be a JSON object of strings"))
		}
	}
	return errs
}

// validateDestination checks that something can be stored at the place of an output.
func validateDestination(location *v1alpha1.ArtifactLocation, at *field.Path) field.ErrorList {
	for name, given := range map[string]bool{"git": location.Git != nil && location.Git.Repo != "", "raw": location.Raw != nil} {
		if given {
			return field.ErrorList{field.Forbidden(at.Child(name), fmt.Sprintf("nothing can be stored in a %s location; use s3, gcs, oss, azure, hdfs, http, artifactory or plugin", name))}
		}
	}
	return nil
}

// validateArchive checks how an artifact is packed.
func validateArchive(archive *v1alpha1.ArchiveStrategy, at *field.Path) field.ErrorList {
	if archive == nil || archive.Tar == nil || archive.Tar.CompressionLevel == nil {
		return nil
	}
	if level := *archive.Tar.CompressionLevel; level < -2 || level > 9 {
		return field.ErrorList{field.Invalid(at.Child("tar", "compressionLevel"), level, "must be 1 (fast) to 9 (small), or 0 for none")}
	}
	return nil
}

// validateData checks that a data template has something to list (TPL-11).
func validateData(data *v1alpha1.Data, at *field.Path) field.ErrorList {
	source := data.Source.ArtifactPaths
	if source == nil {
		return field.ErrorList{field.Required(at.Child("source", "artifactPaths"), "say which objects to list; there is no other source")}
	}
	for name, given := range map[string]bool{"git": source.Git != nil, "raw": source.Raw != nil} {
		if given {
			return field.ErrorList{field.Forbidden(at.Child("source", "artifactPaths", name), fmt.Sprintf("a %s location cannot be listed; use s3, gcs, oss, azure, hdfs, artifactory or plugin", name))}
		}
	}
	return nil
}
