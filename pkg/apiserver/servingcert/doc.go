// Package servingcert gives the API server a serving certificate without any help from outside: it makes a certificate
// authority and a serving certificate, keeps both in one Secret that all replicas share, renews them before they expire
// while the server runs, and keeps `caBundle` of the APIService equal to the authority.
//
// The authority is renewed under its own key and name, so a serving certificate signed before the renewal is valid under
// the new authority and one signed after it under the old: at no moment does kube-apiserver distrust a replica.
package servingcert
