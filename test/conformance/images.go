package main

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// imageIndex are the commands of images whose examples name none and have to be wrapped. The registry of the local cluster is
// its node's alone, so that the controller cannot ask it; and the examples are to run the same without the internet.
const imageIndex = `
argoproj/argosay:v1: {entrypoint: [/argosay]}
argoproj/argosay:v2: {entrypoint: [/argosay]}
nginx:1.13: {cmd: [nginx, -g, "daemon off;"]}
influxdb:1.2: {entrypoint: [/usr/local/bin/influxd]}
`

// listImages puts the index into the configuration of the controller.
func (c *cluster) listImages(ctx context.Context) error {
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"images": imageIndex}})
	if err != nil {
		return err
	}
	_, err = c.kube.CoreV1().ConfigMaps("fairlead-system").Patch(ctx, "workflow-controller-configmap", types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) {
		return nil // an installation of somebody else's, who knows its images
	}
	if err != nil {
		return fmt.Errorf("list the images in the configuration: %w", err)
	}
	return nil
}
