// Command kubernetesreader reads a Deployment of Kubernetes from stdin, as an API server with strict field validation does: a field
// that the type does not have, one given twice or one of another type is an error. It prints the commands of the probes, one a
// line.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var d apps.Deployment
	if err := yaml.UnmarshalStrict(text, &d); err != nil {
		return err
	}
	if d.APIVersion != apps.SchemeGroupVersion.String() || d.Kind != "Deployment" || d.Spec.Selector == nil {
		return errors.New("want a Deployment of apps/v1 with a selector")
	}
	for key, value := range d.Spec.Selector.MatchLabels {
		if d.Spec.Template.Labels[key] != value {
			return fmt.Errorf("the selector wants the label %s=%s, which the pods do not have", key, value)
		}
	}
	for _, c := range d.Spec.Template.Spec.Containers {
		for _, probe := range []*core.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
			if probe != nil && probe.Exec != nil {
				fmt.Println(strings.Join(probe.Exec.Command, " "))
			}
		}
	}
	return nil
}
