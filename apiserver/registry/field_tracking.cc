#include "apiserver/registry/field_tracking.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/managedfields/apply.h"
#include "apis/machinery/managedfields/managed_fields.h"
#include "apis/machinery/managedfields/render.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/registry/codec.h"

namespace gantry::apiserver {
namespace {

using managedfields::ManagedFields;

ManagedFields DecodeSection(std::string_view section) {
  if (section.empty()) return ManagedFields();
  Result<ManagedFields> fields = ManagedFields::Decode(section);
  if (fields.ok()) return *std::move(fields);
  LOG_WARN("stored managedFields do not decode", {"error", fields.error()});
  return ManagedFields();
}

// What stood before the write: the stored section, or what the client put in its place.
ManagedFields Base(std::string_view section, const Json* sent) {
  if (sent == nullptr || !sent->is_array() || sent->empty()) return DecodeSection(section);
  if (sent->size() == 1 && sent->front().empty()) return ManagedFields();
  Result<ManagedFields> fields = ManagedFields::FromJson(*sent);
  return fields.ok() ? *std::move(fields) : DecodeSection(section);
}

std::string EncodeSection(const ManagedFields& fields) {
  return fields.entries().empty() ? std::string() : fields.Encode();
}

// What the endpoint ignores is not stated.
void KeepWritable(const schema::Version& version, const std::string& subresource, Json* config) {
  if (subresource == "status" || subresource == "approval") {
    const Json whole = std::move(*config);
    *config = Json::object();
    for (const char* key : {"apiVersion", "kind", "status"}) {
      if (whole.contains(key)) (*config)[key] = whole[key];
    }
    for (const char* key : {"name", "namespace", "uid", "resourceVersion"}) {
      const Json& value = GetAny(GetObject(whole, "metadata"), key);
      if (!value.is_null()) (*config)["metadata"][key] = value;
    }
  } else if (version.status_subresource) {
    config->erase("status");
  }
}

// The served versions of a kind.
class KindVersions : public managedfields::Versions {
 public:
  explicit KindVersions(const Kind& kind) : kind_(kind) {}

  const schema::Node* Root(std::string_view api_version) const override {
    const schema::Version* const version = Find(api_version);
    return version == nullptr ? nullptr : &version->schema->root();
  }
  Result<Json> Convert(const Json& object, std::string_view api_version) const override {
    const schema::Version* const version = Find(api_version);
    if (version == nullptr) {
      return Error(Code::kInternal, fmt::format("version {} is not served", api_version));
    }
    return ConvertForOwnership(kind_, *version, object);
  }

 private:
  const schema::Version* Find(std::string_view api_version) const {
    const GroupVersion gv = GroupVersion::Parse(api_version);
    return gv.group == kind_.def().group ? kind_.def().FindVersion(gv.version) : nullptr;
  }
  const Kind& kind_;
};

}  // namespace

std::string TrackFields(const Target& target, const Json* before, const Json& after,
                        std::string_view base, const Json* sent, const FieldWriter& writer,
                        bool converts) {
  ManagedFields fields = Base(base, writer.subresource.empty() ? sent : nullptr);
  if (before != nullptr && fields.entries().empty()) return "";
  const KindVersions versions(*target.kind);
  fields.TrackUpdate(
      target.version->schema->root(), before, after,
      {writer.manager, "Update", writer.api_version, writer.subresource, writer.time, nullptr},
      converts ? &versions : nullptr);
  return EncodeSection(fields);
}

Result<AppliedObject> ApplyFields(const Target& target, const Json* live, Json config, bool force,
                                  std::string_view base, const FieldWriter& writer) {
  if (!GetAny(GetObject(config, "metadata"), "managedFields").is_null())
    return Error(Code::kBadRequest, "metadata.managedFields must be nil");
  KeepWritable(*target.version, writer.subresource, &config);
  const KindVersions versions(*target.kind);
  GANTRY_TRY_SET(managedfields::Applied applied,
                 managedfields::Apply(target.version->schema->root(), live, DecodeSection(base),
                                      {config,
                                       {writer.manager, "Apply", writer.api_version,
                                        writer.subresource, writer.time, nullptr},
                                       force,
                                       &versions}));
  return AppliedObject{std::move(applied.object), EncodeSection(applied.managed)};
}

bool SameOwners(std::string_view a, std::string_view b) {
  return a == b || DecodeSection(a).SameButTimes(DecodeSection(b));
}

std::string RenderManagedFields(std::string_view section) {
  if (section.empty()) return "";
  std::string text;
  text.reserve(2 * section.size() + 256);
  const Status rendered = managedfields::AppendEncodedAsJson(section, &text);
  if (!rendered.ok()) LOG_WARN("stored managedFields do not decode", {"error", rendered.error()});
  return text;
}

}  // namespace gantry::apiserver
