#include "apiserver/registry/field_tracking.h"

#include "apis/machinery/base/log.h"
#include "apis/machinery/managedfields/managed_fields.h"

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
  if (sent == nullptr || !sent->is_array()) return DecodeSection(section);
  const bool reset = sent->empty() || (sent->size() == 1 && sent->front().empty());
  if (reset) return ManagedFields();
  Result<ManagedFields> fields = ManagedFields::FromJson(*sent);
  return fields.ok() ? *std::move(fields) : DecodeSection(section);
}

}  // namespace

std::string TrackFields(const schema::Node& root, const Json* before, const Json& after,
                        std::string_view base, const Json* sent, const FieldWriter& writer) {
  ManagedFields fields = Base(base, sent);
  fields.TrackUpdate(
      root, before, after,
      {writer.manager, "Update", writer.api_version, writer.subresource, writer.time, nullptr});
  return fields.entries().empty() ? std::string() : fields.Encode();
}

std::string RenderManagedFields(std::string_view section) {
  if (section.empty()) return "";
  const ManagedFields fields = DecodeSection(section);
  return fields.entries().empty() ? std::string() : fields.ToJsonText();
}

}  // namespace gantry::apiserver
