// Package actor notes on objects who created them and who acted on them last.
package actor

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"fairlead.dev/fairlead/pkg/apis/workflow/v1alpha1"
)

// maxGroups is how many groups of a user are noted: some identity providers send hundreds.
const maxGroups = 50

// record is the JSON of the annotations.
type record struct {
	Action            string      `json:"action,omitempty"`
	User              string      `json:"user"`
	Email             string      `json:"email,omitempty"`
	PreferredUsername string      `json:"preferredUsername,omitempty"`
	Groups            []string    `json:"groups,omitempty"`
	GroupsTotal       int         `json:"groupsTotal,omitempty"`
	Time              metav1.Time `json:"time"`
}

// creatorLabels and creatorAnnotation are what the server alone writes.
var creatorLabels = []string{v1alpha1.LabelKeyCreator, v1alpha1.LabelKeyCreatorEmail, v1alpha1.LabelKeyCreatorPreferredUsername}

// actorLabels and AnnotationKeyActor are what the server alone writes when somebody acts on an object.
var actorLabels = []string{v1alpha1.LabelKeyActor, v1alpha1.LabelKeyActorEmail, v1alpha1.LabelKeyActorPreferredUsername, v1alpha1.LabelKeyAction}

// Created notes the user of the request as the creator of an object. What a client supplied is replaced (LBL-04).
func Created(ctx context.Context, object metav1.Object, now time.Time) {
	labels := object.GetLabels()
	for _, key := range append(slices.Clone(creatorLabels), actorLabels...) {
		delete(labels, key)
	}
	annotations := object.GetAnnotations()
	delete(annotations, v1alpha1.AnnotationKeyCreator)
	delete(annotations, v1alpha1.AnnotationKeyActor) // nobody has acted on it yet
	if noted, ok := recordOf(ctx, "", now); ok {
		labels = with(labels, v1alpha1.LabelKeyCreator, label(noted.User))
		labels = with(labels, v1alpha1.LabelKeyCreatorEmail, label(noted.Email))
		labels = with(labels, v1alpha1.LabelKeyCreatorPreferredUsername, label(noted.PreferredUsername))
		annotations = with(annotations, v1alpha1.AnnotationKeyCreator, noted.text())
	}
	object.SetLabels(labels)
	object.SetAnnotations(annotations)
	if action, ok := ctx.Value(actionKey{}).(string); ok {
		Acted(ctx, object, action, now)
	}
}

type actionKey struct{}

// WithAction returns a context in which whoever creates or changes an object acts on it by that.
func WithAction(ctx context.Context, action string) context.Context {
	return context.WithValue(ctx, actionKey{}, action)
}

// KeepCreator gives a changed object the creator that it had.
func KeepCreator(object, stored metav1.Object) {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	for _, key := range creatorLabels {
		labels = kept(labels, stored.GetLabels(), key)
	}
	object.SetLabels(labels)
	object.SetAnnotations(kept(annotations, stored.GetAnnotations(), v1alpha1.AnnotationKeyCreator))
}

// Acting tells whether the request is an action rather than an ordinary write.
func Acting(ctx context.Context) bool { return ctx.Value(actionKey{}) != nil }

// KeepActor gives a changed object the actor that it had: an ordinary write is nobody's word for who did something.
func KeepActor(object, stored metav1.Object) {
	labels := object.GetLabels()
	for _, key := range actorLabels {
		labels = kept(labels, stored.GetLabels(), key)
	}
	object.SetLabels(labels)
	object.SetAnnotations(kept(object.GetAnnotations(), stored.GetAnnotations(), v1alpha1.AnnotationKeyActor))
}

// Acted notes what the user of the request did to an object (OPS-17).
func Acted(ctx context.Context, object metav1.Object, action string, now time.Time) {
	noted, ok := recordOf(ctx, action, now)
	if !ok {
		return
	}
	labels := with(object.GetLabels(), v1alpha1.LabelKeyActor, label(noted.User))
	labels = with(labels, v1alpha1.LabelKeyActorEmail, label(noted.Email))
	labels = with(labels, v1alpha1.LabelKeyActorPreferredUsername, label(noted.PreferredUsername))
	object.SetLabels(with(labels, v1alpha1.LabelKeyAction, action))
	object.SetAnnotations(with(object.GetAnnotations(), v1alpha1.AnnotationKeyActor, noted.text()))
}

// Name is the user of the request, for messages; nil when nobody is known.
func Name(ctx context.Context) map[string]string {
	noted, ok := recordOf(ctx, "", time.Time{})
	if !ok {
		return nil
	}
	name := with(map[string]string{"User": noted.User}, "Email", noted.Email)
	return with(name, "PreferredUsername", noted.PreferredUsername)
}

func recordOf(ctx context.Context, action string, now time.Time) (record, bool) {
	user, ok := genericapirequest.UserFrom(ctx)
	if !ok || user.GetName() == "" {
		return record{}, false
	}
	noted := record{Action: action, User: user.GetName(), Email: extra(user, "email"), PreferredUsername: extra(user, "preferred_username"), Groups: user.GetGroups(), Time: metav1.NewTime(now.UTC().Truncate(time.Second))}
	if total := len(noted.Groups); total > maxGroups {
		noted.Groups, noted.GroupsTotal = noted.Groups[:maxGroups], total
	}
	return noted, true
}

// extra is what the cluster's authentication says of a user under a name, the part of a key after the last slash: extras that
// are mapped from the claims of a token have a domain in front.
func extra(user user.Info, name string) string {
	found := ""
	for key, values := range user.GetExtra() {
		// Of several keys the first counts, whatever the order of the map.
		if key[strings.LastIndexByte(key, '/')+1:] == name && len(values) > 0 && (found == "" || key < found) {
			found = key
		}
	}
	if found == "" {
		return ""
	}
	return user.GetExtra()[found][0]
}

func (r record) text() string {
	data, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(data)
}

// with returns the map with the entry, leaving out labels of users whose names have no usable character.
func with(entries map[string]string, key, value string) map[string]string {
	if value == "" {
		delete(entries, key)
		return entries
	}
	if entries == nil {
		entries = map[string]string{}
	}
	entries[key] = value
	return entries
}

func kept(entries, stored map[string]string, key string) map[string]string {
	if value, ok := stored[key]; ok {
		return with(entries, key, value)
	}
	delete(entries, key)
	return entries
}

// label makes a label value of a name (LBL-04): "@" is written out, what labels cannot have becomes "-", and the last 63
// characters are kept.
func label(name string) string {
	name = strings.ReplaceAll(name, "@", ".at.")
	text := []byte(name)
	for i, c := range text {
		if !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			text[i] = '-'
		}
	}
	if len(text) > validation.LabelValueMaxLength {
		text = text[len(text)-validation.LabelValueMaxLength:]
	}
	return strings.TrimFunc(string(text), func(r rune) bool { return r > 127 || !alphanumeric(byte(r)) })
}

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
