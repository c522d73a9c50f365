#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/machinery/meta/gvk.h"
#include "apis/machinery/schema/conversion.h"
#include "apis/machinery/schema/json_path.h"
#include "apis/machinery/schema/schema.h"

// A CustomResourceDefinition, decoded: everything the server knows of a kind, built-in or
// user-made.
namespace gantry::schema {

struct PrinterColumn {
  std::string name;
  std::string type;  // string integer number boolean date
  std::string format;
  std::string description;
  int priority = 0;  // > 0: only with -o wide
  JsonPath path;
  // How the value is told, from `x-gantry-form`; built-in kinds.
  enum class Form {
    kPlain,
    kDuration /* of seconds */,
    kCertificateRequest /* of its status */,
    kQuotaRequests,
    kQuotaLimits
  };
  Form form = Form::kPlain;
};

struct ScaleSubresource {
  std::string spec_replicas_path;    // .spec.replicas
  std::string status_replicas_path;  // .status.replicas
  std::string label_selector_path;   // .status.selector; may be empty
};

struct Version {
  std::string name;
  bool served = true;
  bool storage = false;
  bool deprecated = false;
  std::string deprecation_warning;
  std::shared_ptr<const Schema> schema;
  bool status_subresource = false;
  std::optional<ScaleSubresource> scale;
  std::vector<PrinterColumn> columns;
  std::vector<JsonPath> selectable_fields;  // beside metadata.name and metadata.namespace
};

// What Kubernetes' own kinds need beyond a CRD, from `x-gantry-strategy` at the top of spec. All
// are off for user-made kinds.
struct StrategyOptions {
  bool no_generation = false;  // ConfigMap, Secret, Event ...: metadata.generation is not kept
  bool write_only_string_data = false;  // Secret: stringData is folded into data
  bool immutable_field = false;         // ConfigMap, Secret: `immutable: true` freezes the data
  bool namespace_lifecycle = false;     // Namespace: spec.finalizers, status.phase
  bool compose_template = false;        // Application: spec.compose is checked when it is written
  bool crd_lifecycle = false;           // CustomResourceDefinition
  bool role = false;                    // Role, ClusterRole: rules, aggregation, escalation
  bool role_binding = false;            // RoleBinding, ClusterRoleBinding
  bool certificate_request = false;     // CertificateSigningRequest: approval
  bool resource_quota = false;          // ResourceQuota: names and amounts
  bool virtual_only = false;            // reviews: created, answered, never stored
};

struct Definition {
  std::string group;
  std::string plural;
  std::string singular;
  std::string kind;
  std::string list_kind;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  bool namespaced = true;
  std::vector<Version> versions;             // at least one; exactly one with storage
  std::optional<WebhookConversion> webhook;  // absent: versions differ in their schema alone
  StrategyOptions strategy;
  bool builtin = false;
  // Further endpoints of each object (log, exec ...), from `x-gantry-subresources`; built-in kinds.
  std::vector<std::string> connect_subresources;
  // What was accepted but has no effect here; for `Warning:` headers.
  std::vector<std::string> warnings;
  // Where `x-kubernetes-validations` stands: rules that are not evaluated.
  std::vector<std::string> ignored_rules;

  GroupResource group_resource() const { return {group, plural}; }
  GroupKind group_kind() const { return {group, kind}; }
  const Version* FindVersion(std::string_view name) const;  // null when not served
  // Also one that is not served; null when there is none.
  const Version* FindAnyVersion(std::string_view name) const;
  const Version& StorageVersion() const;
};

// Where a manifest comes from. Only built-in kinds may use the core group "" (metadata.name is then
// the plural alone), groups without a dot, and the `x-gantry-*` extensions, which are ignored
// elsewhere.
enum class Origin { kUser, kBuiltin };

// Decodes and compiles a CRD (apiextensions.k8s.io/v1). kInvalid with one cause per fault, in
// kube-apiserver's words.
Result<std::shared_ptr<const Definition>> ParseDefinition(const Json& crd,
                                                          Origin origin = Origin::kUser);

}  // namespace gantry::schema
