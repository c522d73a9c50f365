#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "apis/machinery/base/mutex.h"
#include "apis/machinery/meta/object.h"

namespace gantry::runtime {

// Names of the standard indexes.
inline constexpr char kIndexNamespace[] = "namespace";  // metadata.namespace
inline constexpr char kIndexOwner[] = "owner";          // uid of each owner reference
inline constexpr char kIndexNode[] = "node";            // spec.nodeName
// `<namespace>/<value>` of the labels gantry.dev/application and gantry.dev/service.
inline constexpr char kIndexApplication[] = "application";
inline constexpr char kIndexService[] = "service";

// The values under which an object is found; empty: it is not in that index.
using IndexFunction = std::function<std::vector<std::string>(const Object&)>;

// The read side of a cache of one kind. Objects are immutable and without managedFields; they may
// lag behind the server, always by a whole suffix of its history. Thread-safe, never blocks on I/O.
class Lister {
 public:
  virtual ~Lister() = default;
  // Null when absent.
  virtual ObjectPtr Get(const ObjectKey& key) const = 0;
  // In the order of keys.
  virtual std::vector<ObjectPtr> List() const = 0;
  // The objects under `value` of an index, in the order of keys. O(hits).
  virtual std::vector<ObjectPtr> ByIndex(std::string_view index, std::string_view value) const = 0;
  virtual size_t size() const = 0;
  // Every write up to this revision is in the cache; 0 before the first list.
  virtual int64_t revision() const = 0;

  std::vector<ObjectPtr> InNamespace(std::string_view ns) const {
    return ByIndex(kIndexNamespace, ns);
  }
  std::vector<ObjectPtr> ByOwner(std::string_view uid) const { return ByIndex(kIndexOwner, uid); }
  std::vector<ObjectPtr> ByNode(std::string_view node) const { return ByIndex(kIndexNode, node); }
  std::vector<ObjectPtr> ByService(std::string_view ns, std::string_view service) const {
    return ByIndex(kIndexService, std::string(ns) + "/" + std::string(service));
  }
  std::vector<ObjectPtr> ByApplication(std::string_view ns, std::string_view application) const {
    return ByIndex(kIndexApplication, std::string(ns) + "/" + std::string(application));
  }
};

// The cache itself. Thread-safe.
class ObjectStore : public Lister {
 public:
  enum class Indexes { kNone, kStandard };
  explicit ObjectStore(Indexes indexes = Indexes::kStandard);

  // Adds an index over the present and all later objects.
  void AddIndex(const std::string& name, IndexFunction fn);

  // Stores `object` and returns what stood there, or null.
  ObjectPtr Put(ObjectPtr object);
  // Removes the object and returns it, or null.
  ObjectPtr Remove(const ObjectKey& key);
  void set_revision(int64_t revision);
  std::vector<ObjectKey> Keys() const;

  ObjectPtr Get(const ObjectKey& key) const override;
  std::vector<ObjectPtr> List() const override;
  std::vector<ObjectPtr> ByIndex(std::string_view index, std::string_view value) const override;
  size_t size() const override;
  int64_t revision() const override;

 private:
  struct Index {
    IndexFunction values_of;
    std::unordered_map<std::string, std::set<ObjectKey>> keys;
  };
  static void Insert(Index* index, const Object& object);
  static void Erase(Index* index, const Object& object);

  mutable Mutex mu_;
  std::map<ObjectKey, ObjectPtr> objects_ GUARDED_BY(mu_);
  std::map<std::string, Index, std::less<>> indexes_ GUARDED_BY(mu_);
  int64_t revision_ GUARDED_BY(mu_) = 0;
};

// A resourceVersion as a number; 0 when it is none.
int64_t ParseRevision(std::string_view resource_version);

}  // namespace gantry::runtime
