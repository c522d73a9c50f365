#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <set>

#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/applier.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/object_printer.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr auto kEstablishTimeout = std::chrono::seconds(60);

struct ApplyFlags {
  std::vector<std::string> files;
  bool recursive = false;
  std::string dry_run;
  std::string validate = "strict";
  std::string output;
  std::string field_manager = ApplyOptions().field_manager;
};

bool IsDefinition(const Object& o) {
  return o.kind() == "CustomResourceDefinition" && o.gvk().group == "apiextensions.k8s.io";
}
bool IsNamespace(const Object& o) { return o.kind() == "Namespace" && o.api_version() == "v1"; }

// Definitions first, then namespaces, then the rest as written.
int Rank(const Manifest& m) { return IsDefinition(m.object) ? 0 : IsNamespace(m.object) ? 1 : 2; }

Result<std::string> FieldValidation(const std::string& validate) {
  if (validate == "strict" || validate == "true") return std::string("Strict");
  if (validate == "warn") return std::string("Warn");
  if (validate == "ignore" || validate == "false") return std::string("Ignore");
  return LocalError(
      fmt::format("invalid --validate \"{}\": must be strict, warn or ignore", validate));
}

class Applier {
 public:
  Applier(Session* session, const ApplyFlags& flags) : session_(*session), flags_(flags) {}

  Result<int> Run() {
    if (flags_.files.empty()) return LocalError("must specify -f FILE, -f DIRECTORY or -f -");
    if (!flags_.dry_run.empty() && flags_.dry_run != "none" && flags_.dry_run != "server") {
      return LocalError(
          fmt::format("invalid --dry-run \"{}\": must be none or server", flags_.dry_run));
    }
    options_.dry_run = flags_.dry_run == "server";
    options_.field_manager = flags_.field_manager;
    GANTRY_TRY_SET(options_.field_validation, FieldValidation(flags_.validate));
    GANTRY_TRY_SET(printer_, ObjectPrinter::ForFormat(flags_.output));
    GANTRY_TRY_SET(auto manifests, ReadManifests(session_.io(), flags_.files, flags_.recursive));
    std::stable_sort(manifests.begin(), manifests.end(),
                     [](const Manifest& a, const Manifest& b) { return Rank(a) < Rank(b); });
    for (Manifest& manifest : manifests) {
      if (!IsDefinition(manifest.object)) GANTRY_TRY(Establish());
      if (const Status s = ApplyOne(&manifest); !s.ok()) {
        if (s.code() == Code::kUnavailable) return s.error();
        session_.io().err << FormatError(s.error()) << "\n";
        failed_ = true;
      }
    }
    GANTRY_TRY(Establish());
    return failed_ ? 1 : 0;
  }

 private:
  Status ApplyOne(Manifest* manifest) {
    Object& o = manifest->object;
    if (o.name().empty()) {
      return LocalError(fmt::format("error when reading \"{}\": the {} has no metadata.name",
                                    manifest->source, o.kind()));
    }
    GANTRY_TRY_SET(const Mapper* mapper, session_.mapper());
    const ServedResource* type = mapper->FindKind(o.gvk());
    if (!type) {
      return LocalError(
          fmt::format("resource mapping not found for name: \"{}\" namespace: \"{}\" from \"{}\": "
                      "no matches for "
                      "kind \"{}\" in version \"{}\"\nensure CRDs are installed first",
                      o.name(), o.ns(), manifest->source, o.kind(), o.api_version()));
    }
    GANTRY_TRY(SetNamespace(*type, &o));
    options_.source = manifest->source;
    GANTRY_TRY_SET(const Applied applied, ApplyObject(session_, *type, o, options_));
    if (IsDefinition(o) && !options_.dry_run) definitions_.push_back({type, o.key()});
    if (printer_) {
      printer_->Print(type, applied.object.json(), session_.io().out);
    } else {
      session_.io().out << type->ObjectName(o.name()) << " " << applied.change
                        << (options_.dry_run ? " (server dry run)" : "") << std::endl;
    }
    return OkStatus();
  }

  Status SetNamespace(const ServedResource& type, Object* o) {
    if (!type.resource.namespaced) return OkStatus();
    if (o->ns().empty()) {
      GANTRY_TRY_SET(const std::string ns, session_.ns());
      o->set_ns(ns);
    } else if (!session_.flags.ns.empty() && session_.flags.ns != o->ns()) {
      return LocalError(
          fmt::format("the namespace from the provided object \"{}\" does not match the "
                      "namespace \"{}\". You must pass '--namespace={}' to perform this "
                      "operation.",
                      o->ns(), session_.flags.ns, o->ns()));
    }
    return OkStatus();
  }

  // Waits until the definitions that were applied serve their kinds, and learns these.
  Status Establish() {
    if (definitions_.empty()) return OkStatus();
    for (const auto& [type, key] : std::exchange(definitions_, {})) {
      const Status s = WaitForObject(session_, *type, key, kEstablishTimeout, [](const Object* o) {
        return o && IsConditionTrue(o->status(), "Established");
      });
      if (s.ok()) continue;
      if (s.code() != Code::kTimeout) return s;
      return LocalError(
          fmt::format("timed out waiting for {} to serve its kind", type->ObjectName(key.name)));
    }
    return session_.RefreshMapper();
  }

  Session& session_;
  const ApplyFlags& flags_;
  ApplyOptions options_;
  std::optional<ObjectPrinter> printer_;
  std::vector<std::pair<const ServedResource*, ObjectKey>> definitions_;  // not known to serve yet
  bool failed_ = false;
};

}  // namespace

void AddApply(const Command& root, Session* session) {
  auto flags = std::make_shared<ApplyFlags>();
  const Command verb = root.Add("apply", "create objects, or make them what the files say",
                                "kubectl-gantry apply -f FILE|DIRECTORY|-");
  verb.List("-f,--filename", &flags->files, "files, directories, or - for standard input")
      .Flag("-R,--recursive", &flags->recursive, "go down into directories")
      .Text("--dry-run", &flags->dry_run, "none or server: let the server check without writing")
      .Text("--validate", &flags->validate, "unknown fields: strict (the default), warn or ignore")
      .Text("--field-manager", &flags->field_manager, "the name that owns the applied fields")
      .Text("-o,--output", &flags->output, "yaml, json, name or jsonpath=TEMPLATE");
  verb.Runs([session, flags] { return Applier(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
