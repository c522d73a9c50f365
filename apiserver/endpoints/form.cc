#include "apiserver/endpoints/form.h"

#include "apis/machinery/base/json_slice.h"
#include "apis/machinery/base/log.h"
#include "apiserver/registry/codec.h"
#include "apiserver/table/cell_parts.h"
#include "apiserver/table/table.h"

namespace gantry::apiserver {
namespace {

void AppendTypeMeta(const std::string& kind, const std::string& api_version, std::string* out) {
  *out += "{\"kind\":\"";
  *out += kind;
  *out += "\",\"apiVersion\":\"";
  *out += api_version;
  *out += '"';
}

// metadata of a bookmark.
std::string BookmarkMeta(store::Revision revision, bool initial_end) {
  return fmt::format("{{\"resourceVersion\":\"{}\",\"creationTimestamp\":null{}}}", revision,
                     initial_end
                         ? fmt::format(",\"annotations\":{{\"{}\":\"true\"}}", kInitialEventsEnd)
                         : std::string());
}

// What clients get of an entry; an empty object when it cannot be read.
void AppendWireText(const Target& target, const Entry& entry, std::string* out) {
  const Status appended = AppendWireForm(target, entry, out);
  if (appended.ok()) return;
  LOG_ERROR("stored object does not decode", {"key", entry.key()}, {"error", appended.error()});
  *out += "{}";
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
  void AppendOnce(const Entry& entry, bool, std::string* out) const override {
    AppendWireText(target_, entry, out);
  }
  void AppendBookmark(store::Revision revision, bool initial_end, std::string* out) const override {
    AppendTypeMeta(target_.def().kind, api_version(), out);
    *out += ",\"metadata\":" + BookmarkMeta(revision, initial_end) + "}";
  }
  void AppendListHead(const std::string& metadata, std::string* out) const override {
    AppendTypeMeta(target_.def().list_kind, api_version(), out);
    *out += ",\"metadata\":" + metadata + ",\"items\":[";
  }
  void AppendItem(const Entry& entry, bool first, std::string* out) const override {
    if (!first) *out += ',';
    AppendOnce(entry, first, out);
  }
  void AppendListTail(std::string* out) const override { *out += "]}\n"; }

 private:
  std::string api_version() const { return target_.gvk().group_version().ToString(); }
  const Target target_;
};

// The part of an object's text that a PartialObjectMetadata consists of.
void AppendMetadataOnly(std::string_view object, const std::string& api_version, std::string* out) {
  const std::string_view metadata = JsonMember(object, "metadata");
  *out += "{\"apiVersion\":\"";
  *out += api_version;
  *out += "\",\"kind\":\"PartialObjectMetadata\",\"metadata\":";
  *out += metadata.empty() ? "{}" : metadata;
  *out += '}';
}

// metav1.PartialObjectMetadata: type and metadata alone.
class PartialForm : public Form {
 public:
  PartialForm(Target target, const std::string& meta_version)
      : target_(std::move(target)), meta_version_(meta_version) {}

  std::string content_type(bool list) const override {
    return fmt::format("application/json;as={};g=meta.k8s.io;v={}",
                       list ? "PartialObjectMetadataList" : "PartialObjectMetadata", meta_version_);
  }
  void Append(const Entry& entry, bool, std::string* out) const override {
    std::string object;
    AppendWireText(target_, entry, &object);
    AppendMetadataOnly(object, api_version(), out);
  }
  void AppendOnce(const Entry& entry, bool first, std::string* out) const override {
    Append(entry, first, out);
  }
  void AppendBookmark(store::Revision revision, bool initial_end, std::string* out) const override {
    AppendTypeMeta("PartialObjectMetadata", api_version(), out);
    *out += ",\"metadata\":" + BookmarkMeta(revision, initial_end) + "}";
  }
  void AppendListHead(const std::string& metadata, std::string* out) const override {
    AppendTypeMeta("PartialObjectMetadataList", api_version(), out);
    *out += ",\"metadata\":" + metadata + ",\"items\":[";
  }
  void AppendItem(const Entry& entry, bool first, std::string* out) const override {
    if (!first) *out += ',';
    Append(entry, first, out);
  }
  void AppendListTail(std::string* out) const override { *out += "]}\n"; }

 private:
  std::string api_version() const { return "meta.k8s.io/" + meta_version_; }
  const Target target_;
  const std::string meta_version_;
};

// metav1.Table: what `kubectl get` prints.
class TableForm : public Form {
 public:
  TableForm(Target target, const std::string& meta_version, table::IncludeObject include,
            const Clock* clock)
      : target_(std::move(target)),
        meta_version_(meta_version),
        include_(include),
        clock_(clock),
        parts_(*target_.version) {}

  std::string content_type(bool) const override {
    return fmt::format("application/json;as=Table;g=meta.k8s.io;v={}", meta_version_);
  }
  void Append(const Entry& entry, bool first, std::string* out) const override {
    const Json meta = {{"resourceVersion", std::to_string(entry.revision())}};
    AppendHead(DumpJson(meta), first, out);
    AppendItem(entry, true, out);
    *out += "]}";
  }
  void AppendOnce(const Entry& entry, bool first, std::string* out) const override {
    Append(entry, first, out);
  }
  void AppendBookmark(store::Revision revision, bool initial_end, std::string* out) const override {
    AppendHead(fmt::format("{{\"resourceVersion\":\"{}\"}}", revision), false, out);
    if (initial_end) {
      // A Table has no annotations of its own: they stand in the object of a row.
      *out += "{\"cells\":[],\"object\":";
      AppendTypeMeta("PartialObjectMetadata", "meta.k8s.io/" + meta_version_, out);
      *out += ",\"metadata\":" + BookmarkMeta(revision, true) + "}}";
    }
    *out += "]}";
  }
  void AppendListHead(const std::string& metadata, std::string* out) const override {
    AppendHead(metadata, true, out);
  }
  void AppendItem(const Entry& entry, bool first, std::string* out) const override {
    if (!first) *out += ',';
    std::string object;
    AppendWireText(target_, entry, &object);
    *out += "{\"cells\":";
    *out += DumpJson(table::Cells(*target_.version, parts_.Of(object), clock_->Now()));
    *out += ",\"object\":";
    switch (include_) {
      case table::IncludeObject::kNone: *out += "null"; break;
      case table::IncludeObject::kMetadata:
        AppendMetadataOnly(object, "meta.k8s.io/" + meta_version_, out);
        break;
      case table::IncludeObject::kObject: *out += object; break;
    }
    *out += '}';
  }
  void AppendListTail(std::string* out) const override { *out += "]}\n"; }

 private:
  void AppendHead(const std::string& metadata, bool columns, std::string* out) const {
    AppendTypeMeta("Table", "meta.k8s.io/" + meta_version_, out);
    *out += ",\"metadata\":" + metadata + ",\"columnDefinitions\":";
    *out += columns ? DumpJson(table::ColumnDefinitions(*target_.version)) : "[]";
    *out += ",\"rows\":[";
  }
  const Target target_;
  const std::string meta_version_;
  const table::IncludeObject include_;
  const Clock* const clock_;
  const table::CellParts parts_;
};

}  // namespace

Result<std::shared_ptr<const Form>> MakeForm(const Negotiated& negotiated, const Target& target,
                                             const Query& query, const Clock* clock) {
  switch (negotiated.kind) {
    case FormKind::kPartial: return std::make_shared<PartialForm>(target, negotiated.meta_version);
    case FormKind::kTable: {
      GANTRY_TRY_SET(const table::IncludeObject include,
                     table::ParseIncludeObject(query.Get("includeObject")));
      return std::make_shared<TableForm>(target, negotiated.meta_version, include, clock);
    }
    case FormKind::kJson:
    case FormKind::kYaml: break;
  }
  return std::make_shared<JsonForm>(target);
}

}  // namespace gantry::apiserver
