#include "apiserver/openapi/common_schemas.h"

#include "apis/machinery/base/check.h"

namespace gantry::apiserver::openapi {
namespace {

// `@` stands for the dialect's reference prefix and the package of meta/v1.
constexpr char kMeta[] = R"({
"Time": {"type": "string", "format": "date-time",
  "description": "A point in time, RFC 3339, in whole seconds."},
"FieldsV1": {"type": "object",
  "description": "A set of fields: f:<name> for a member, k:<keys> and v:<value> for items of a list, . for the item itself."},
"Patch": {"type": "object",
  "description": "A change of an object in the form that Content-Type names."},
"ManagedFieldsEntry": {"type": "object",
  "description": "The fields that one writer has set.",
  "properties": {
    "manager": {"type": "string", "description": "Name of the writer."},
    "operation": {"type": "string", "description": "Apply or Update."},
    "apiVersion": {"type": "string", "description": "The version in which the fields are named."},
    "time": {"$ref": "@Time"},
    "fieldsType": {"type": "string", "description": "Form of the set: FieldsV1."},
    "fieldsV1": {"$ref": "@FieldsV1"},
    "subresource": {"type": "string", "description": "The subresource written through; empty for the object itself."}}},
"OwnerReference": {"type": "object", "x-kubernetes-map-type": "atomic",
  "description": "Names the object that this one belongs to and goes away with.",
  "required": ["apiVersion", "kind", "name", "uid"],
  "properties": {
    "apiVersion": {"type": "string", "description": "API version of the owner."},
    "kind": {"type": "string", "description": "Kind of the owner."},
    "name": {"type": "string", "description": "Name of the owner."},
    "uid": {"type": "string", "description": "Identity of the owner."},
    "controller": {"type": "boolean", "description": "Whether the owner manages this object; at most one does."},
    "blockOwnerDeletion": {"type": "boolean", "description": "Whether a foreground deletion of the owner waits for this object."}}},
"ObjectMeta": {"type": "object",
  "description": "What every object has beside its own fields.",
  "properties": {
    "name": {"type": "string", "description": "Name of the object, unique among its kind in its namespace. Cannot be changed."},
    "generateName": {"type": "string", "description": "Start of a name that the server completes when none is given."},
    "namespace": {"type": "string", "description": "The namespace of the object; empty for kinds that have none. Cannot be changed."},
    "selfLink": {"type": "string", "description": "Not used any more."},
    "uid": {"type": "string", "description": "Identity of the object in time and space. Set by the server."},
    "resourceVersion": {"type": "string", "description": "The version of the object, for comparing, watching and conditional writes. Set by the server."},
    "generation": {"type": "integer", "format": "int64", "description": "Counts changes of the desired state. Set by the server."},
    "creationTimestamp": {"$ref": "@Time"},
    "deletionTimestamp": {"$ref": "@Time"},
    "deletionGracePeriodSeconds": {"type": "integer", "format": "int64", "description": "Seconds that the object has to end after its deletion was asked for. Set by the server."},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Keys and values to select objects by."},
    "annotations": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Keys and values for tools and people; not selectable."},
    "finalizers": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge", "description": "Who must finish before the object is removed; each removes its own entry."},
    "ownerReferences": {"type": "array", "items": {"$ref": "@OwnerReference"}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["uid"], "x-kubernetes-patch-merge-key": "uid", "x-kubernetes-patch-strategy": "merge", "description": "The objects that this one belongs to. It is removed when all of them are gone."},
    "managedFields": {"type": "array", "items": {"$ref": "@ManagedFieldsEntry"}, "x-kubernetes-list-type": "atomic", "description": "Who has set which field. Kept by the server."}}},
"ListMeta": {"type": "object",
  "description": "What every list has beside its items.",
  "properties": {
    "resourceVersion": {"type": "string", "description": "The version that the list was read at."},
    "continue": {"type": "string", "description": "Asks for the next page; empty at the end."},
    "remainingItemCount": {"type": "integer", "format": "int64", "description": "How many items follow, if known."},
    "selfLink": {"type": "string", "description": "Not used any more."}}},
"Preconditions": {"type": "object",
  "description": "What must hold before a deletion happens.",
  "properties": {
    "uid": {"type": "string", "description": "The identity that the object must have."},
    "resourceVersion": {"type": "string", "description": "The version that the object must have."}}},
"DeleteOptions": {"type": "object",
  "description": "How an object is deleted.",
  "properties": {
    "apiVersion": {"type": "string", "description": "Version of this document."},
    "kind": {"type": "string", "description": "DeleteOptions."},
    "dryRun": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic", "description": "All: answer, but change nothing."},
    "gracePeriodSeconds": {"type": "integer", "format": "int64", "description": "Seconds that the object has to end; 0 is at once."},
    "orphanDependents": {"type": "boolean", "description": "Older form of propagationPolicy."},
    "preconditions": {"$ref": "@Preconditions"},
    "propagationPolicy": {"type": "string", "description": "What happens to dependents: Orphan, Background or Foreground."}},
  "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "DeleteOptions"}]},
"StatusCause": {"type": "object",
  "description": "One reason of a failure.",
  "properties": {
    "reason": {"type": "string", "description": "What is wrong, for programs."},
    "message": {"type": "string", "description": "What is wrong, for people."},
    "field": {"type": "string", "description": "The field that it is about: items[0].name."}}},
"StatusDetails": {"type": "object",
  "description": "What a failure is about.",
  "properties": {
    "name": {"type": "string", "description": "Name of the object."},
    "group": {"type": "string", "description": "Group of the object."},
    "kind": {"type": "string", "description": "Kind or resource of the object."},
    "uid": {"type": "string", "description": "Identity of the object."},
    "causes": {"type": "array", "items": {"$ref": "@StatusCause"}, "x-kubernetes-list-type": "atomic", "description": "The single reasons."},
    "retryAfterSeconds": {"type": "integer", "format": "int32", "description": "When to try again."}}},
"Status": {"type": "object",
  "description": "The outcome of a request that returns no object.",
  "properties": {
    "apiVersion": {"type": "string", "description": "Version of this document."},
    "kind": {"type": "string", "description": "Status."},
    "metadata": {"$ref": "@ListMeta"},
    "status": {"type": "string", "description": "Success or Failure."},
    "message": {"type": "string", "description": "The outcome, for people."},
    "reason": {"type": "string", "description": "The outcome, for programs."},
    "details": {"$ref": "@StatusDetails"},
    "code": {"type": "integer", "format": "int32", "description": "The HTTP status."}},
  "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Status"}]}
})";

constexpr char kScale[] = R"({
"io.k8s.api.autoscaling.v1.ScaleSpec": {"type": "object",
  "description": "The wanted number of replicas.",
  "properties": {"replicas": {"type": "integer", "format": "int32", "description": "The wanted number."}}},
"io.k8s.api.autoscaling.v1.ScaleStatus": {"type": "object",
  "description": "The observed number of replicas.", "required": ["replicas"],
  "properties": {
    "replicas": {"type": "integer", "format": "int32", "description": "The observed number."},
    "selector": {"type": "string", "description": "Selects the replicas."}}},
"io.k8s.api.autoscaling.v1.Scale": {"type": "object",
  "description": "How many replicas an object has and wants.",
  "properties": {
    "apiVersion": {"type": "string", "description": "Version of this document."},
    "kind": {"type": "string", "description": "Scale."},
    "metadata": {"$ref": "@ObjectMeta"},
    "spec": {"$ref": "#io.k8s.api.autoscaling.v1.ScaleSpec"},
    "status": {"$ref": "#io.k8s.api.autoscaling.v1.ScaleStatus"}},
  "x-kubernetes-group-version-kind": [{"group": "autoscaling", "version": "v1", "kind": "Scale"}]}
})";

Json Parse(std::string text, Dialect dialect) {
  const auto replace = [&text](const std::string& from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  replace("\"@", "\"" + RefPrefix(dialect) + MetaName(""));
  replace("\"#io.", "\"" + RefPrefix(dialect) + "io.");
  Result<Json> json = ParseJson(text);
  GANTRY_CHECK(json.ok());
  return *std::move(json);
}

}  // namespace

const char* const kApiVersionDescription =
    "APIVersion names the version of the schema that this object is written in.";
const char* const kKindDescription = "Kind names the type of this object, in CamelCase.";
const char* const kMetadataDescription = "Standard object's metadata.";
const char* const kListMetadataDescription = "Standard list metadata.";

Json CommonSchemas(Dialect dialect) {
  Json out = Parse(kScale, dialect);
  const Json meta = Parse(kMeta, dialect);
  for (const auto& [name, schema] : meta.items()) out[MetaName(name)] = schema;
  return out;
}

}  // namespace gantry::apiserver::openapi
