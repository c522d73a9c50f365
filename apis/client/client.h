#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apis/client/transport.h"
#include "apis/machinery/meta/object.h"

// The API client of controllers and of the CLI. Thread-safe; copies share the transport. Errors of
// the server come back with their code and details (apis/machinery/meta/status.h).
namespace gantry::client {

// The REST coordinates of a kind.
struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;
  auto operator<=>(const Resource&) const = default;
  GroupVersionKind gvk() const { return {group, version, kind}; }
};

enum class PatchType { kJson, kMerge, kStrategic, kApply };
enum class Propagation { kDefault, kForeground, kBackground, kOrphan };

struct WriteOptions {
  bool dry_run = false;
  std::string field_validation;  // Strict | Warn | Ignore; empty: the server's default
  std::string field_manager;     // empty: the client's
  bool force = false;            // kApply: takes fields that others own, instead of kConflict
};

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  int limit = 0;
  std::string continue_token;
  std::string resource_version;
};

struct List {
  std::vector<Object> items;  // apiVersion and kind are filled
  std::string resource_version;
  std::string continue_token;
};

struct DeleteOptions {
  Propagation propagation = Propagation::kDefault;
  std::string uid;               // precondition; empty: none
  std::string resource_version;  // precondition; empty: none
  bool dry_run = false;
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark };
  Type type;
  Object object;
};

// One watch stream. Next from one thread; Close from any.
class Watcher {
 public:
  explicit Watcher(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
  // The next event. kExpired when the server said 410; kUnavailable at the clean end of the stream
  // (watch again from the last revision); kCancelled after Close.
  Result<WatchEvent> Next();
  void Close() { stream_->Close(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::string buffer_;
};

class Client {
 public:
  // `field_manager` names the writer in managedFields, and is the User-Agent.
  Client(std::shared_ptr<Transport> transport, std::string field_manager)
      : transport_(std::move(transport)), field_manager_(std::move(field_manager)) {}

  Result<Object> Get(const Context& ctx, const Resource& r, const ObjectKey& key) const;
  // `ns` empty: all namespaces.
  Result<List> ListPage(const Context& ctx, const Resource& r, std::string_view ns,
                        const ListOptions& options) const;
  // All pages, at one revision.
  Result<List> ListAll(const Context& ctx, const Resource& r, std::string_view ns,
                       ListOptions options) const;
  // Events after `resource_version`, with bookmarks.
  Result<std::unique_ptr<Watcher>> Watch(const Context& ctx, const Resource& r, std::string_view ns,
                                         const ListOptions& options) const;
  Result<Object> Create(const Context& ctx, const Resource& r, const Object& object,
                        const WriteOptions& options = {}) const;
  Result<Object> Update(const Context& ctx, const Resource& r, const Object& object,
                        const WriteOptions& options = {}) const;
  // PUT to `/status`; only status changes.
  Result<Object> UpdateStatus(const Context& ctx, const Resource& r, const Object& object,
                              const WriteOptions& options = {}) const;
  // `subresource`: empty, `status` or `scale`.
  Result<Object> Patch(const Context& ctx, const Resource& r, const ObjectKey& key, PatchType type,
                       const Json& patch, std::string_view subresource = "",
                       const WriteOptions& options = {}) const;
  // The object as it was, or the Status document of the server.
  Result<Object> Delete(const Context& ctx, const Resource& r, const ObjectKey& key,
                        const DeleteOptions& options = {}) const;

  // Any path; the decoded JSON answer.
  Result<Json> GetRaw(const Context& ctx, const std::string& target) const;
  // Warnings of the server are handed to `sink` (printed by the CLI, logged by controllers).
  void set_warning_sink(std::function<void(const std::string&)> sink) {
    warning_sink_ = std::move(sink);
  }

  const std::shared_ptr<Transport>& transport() const { return transport_; }
  const std::string& field_manager() const { return field_manager_; }

 private:
  Result<Json> Send(const Context& ctx, HttpRequest request) const;
  Result<Object> Write(const Context& ctx, std::string method, std::string target, const Object& o,
                       const WriteOptions& options) const;

  std::shared_ptr<Transport> transport_;
  std::string field_manager_;
  std::function<void(const std::string&)> warning_sink_;
};

// `/apis/gantry.dev/v1/namespaces/default/services/web/status`, every part percent-encoded.
std::string ResourcePath(const Resource& r, std::string_view ns, std::string_view name,
                         std::string_view subresource);
std::string PercentEncode(std::string_view text);

}  // namespace gantry::client
