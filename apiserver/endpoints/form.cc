#include "apiserver/endpoints/form.h"

#include "apis/machinery/base/log.h"
#include "apiserver/registry/codec.h"

namespace gantry::apiserver {
namespace {

void AppendTypeMeta(const std::string& kind, const std::string& api_version, std::string* out) {
  *out += "{\"kind\":\"";
  *out += kind;
  *out += "\",\"apiVersion\":\"";
  *out += api_version;
  *out += '"';
}

class JsonForm : public Form {
 public:
  explicit JsonForm(Target target) : target_(std::move(target)) {}

  std::string content_type(bool) const override { return "application/json"; }

  void Append(const Entry& entry, bool, std::string* out) const override {
    const auto wire = WireForm(target_, entry);
    if (wire.ok()) {
      *out += **wire;
    } else {
      LOG_ERROR("stored object does not decode", {"key", entry.key()}, {"error", wire.error()});
      *out += "{}";
    }
  }
  void AppendBookmark(store::Revision revision, std::string* out) const override {
    AppendTypeMeta(target_.def().kind, api_version(), out);
    *out += fmt::format(",\"metadata\":{{\"resourceVersion\":\"{}\"}}}}", revision);
  }
  void AppendListHead(const std::string& metadata, std::string* out) const override {
    AppendTypeMeta(target_.def().list_kind, api_version(), out);
    *out += ",\"metadata\":" + metadata + ",\"items\":[";
  }
  void AppendItem(const Entry& entry, bool first, std::string* out) const override {
    if (!first) *out += ',';
    Append(entry, first, out);
  }
  void AppendListTail(std::string* out) const override { *out += "]}\n"; }

 private:
  std::string api_version() const { return target_.gvk().group_version().ToString(); }
  const Target target_;
};

// metav1.PartialObjectMetadata: type and metadata alone.
class PartialForm : public Form {
 public:
  explicit PartialForm(Target target) : target_(std::move(target)) {}

  std::string content_type(bool list) const override {
    return fmt::format("application/json;as={};g=meta.k8s.io;v=v1",
                       list ? "PartialObjectMetadataList" : "PartialObjectMetadata");
  }

  void Append(const Entry& entry, bool, std::string* out) const override {
    AppendTypeMeta("PartialObjectMetadata", kVersion, out);
    const auto wire = WireForm(target_, entry);
    const Result<Json> object = wire.ok() ? ParseJson(**wire) : Result<Json>(wire.error());
    *out += ",\"metadata\":";
    *out += object.ok() ? DumpJson(GetObject(*object, "metadata")) : "{}";
    *out += '}';
  }
  void AppendBookmark(store::Revision revision, std::string* out) const override {
    AppendTypeMeta("PartialObjectMetadata", kVersion, out);
    *out += fmt::format(",\"metadata\":{{\"resourceVersion\":\"{}\"}}}}", revision);
  }
  void AppendListHead(const std::string& metadata, std::string* out) const override {
    AppendTypeMeta("PartialObjectMetadataList", kVersion, out);
    *out += ",\"metadata\":" + metadata + ",\"items\":[";
  }
  void AppendItem(const Entry& entry, bool first, std::string* out) const override {
    if (!first) *out += ',';
    Append(entry, first, out);
  }
  void AppendListTail(std::string* out) const override { *out += "]}\n"; }

 private:
  static constexpr const char* kVersion = "meta.k8s.io/v1";
  const Target target_;
};

}  // namespace

std::shared_ptr<const Form> MakeForm(FormKind kind, const Target& target, const Query& query) {
  if (kind == FormKind::kPartial) return std::make_shared<PartialForm>(target);
  return std::make_shared<JsonForm>(target);
}

}  // namespace gantry::apiserver
