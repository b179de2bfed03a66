// Package direct sends the controller's requests for workflows straight to the workflow server, past kube-apiserver, which
// would otherwise pass each of them and each event of a watch on: that costs more than the server's own work.
//
// Nothing else changes. The server verifies the controller's token with kube-apiserver (TokenReview) and asks it what the
// controller may do (SubjectAccessReview), and the controller verifies the server's certificate with the authority that the
// APIService names, as kube-apiserver does. While the straight way cannot be used, requests go through kube-apiserver.
package direct
