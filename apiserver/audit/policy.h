#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"
#include "apiserver/http/handler.h"

// What of a request goes to the audit log: Kubernetes' audit policy, audit.k8s.io/v1.
namespace gantry::apiserver {

enum class AuditLevel {
  kNone,
  kMetadata,         // who, what, when, from where, with what result
  kRequest,          // and the object that was sent
  kRequestResponse,  // and the one that was answered
};
std::string_view AuditLevelName(AuditLevel level);

// When in the life of a request a record is written.
enum class AuditStage {
  kRequestReceived,   // before anything is done
  kResponseStarted,   // of streams: their head is sent
  kResponseComplete,  // all is sent
};
std::string_view AuditStageName(AuditStage stage);

// A set of stages, a bit for each.
using AuditStages = unsigned;
constexpr AuditStages Bit(AuditStage stage) { return 1U << static_cast<unsigned>(stage); }

// Empty lists match everything. The first rule that matches decides.
struct AuditRule {
  struct Resources {
    std::string group;
    // `services`, `services/status`, `services/*`, `*/status`, `*`; empty: all.
    std::vector<std::string> resources;
    std::vector<std::string> names;
  };
  AuditLevel level = AuditLevel::kNone;
  std::vector<std::string> users;
  std::vector<std::string> groups;
  std::vector<std::string> verbs;
  std::vector<Resources> resources;
  std::vector<std::string> namespaces;  // "" is what has no namespace
  std::vector<std::string> paths;       // of what is no resource; `*` may end one
  AuditStages omitted = 0;
  bool omit_managed_fields = false;
};

// How one request is recorded.
struct AuditDecision {
  AuditLevel level = AuditLevel::kNone;
  AuditStages omitted = 0;
  bool omit_managed_fields = false;

  bool Records(AuditStage stage) const {
    return level != AuditLevel::kNone && (omitted & Bit(stage)) == 0;
  }
};

// Immutable.
class AuditPolicy {
 public:
  // A `kind: Policy` of audit.k8s.io/v1 in YAML. kInvalid with the path of every fault.
  static Result<AuditPolicy> Parse(std::string_view text);
  // Without a policy of the operator's own: who wrote what and who read Secrets, exec and logs, at
  // level Metadata; not Events, Leases and controllers' status.
  static AuditPolicy Default();

  // By request.info and request.user. Never more than Metadata for what carries secrets: Secrets,
  // tokens and reviews of tokens.
  AuditDecision Decide(const Request& request) const;

 private:
  std::vector<AuditRule> rules_;
};

}  // namespace gantry::apiserver
