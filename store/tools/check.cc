#include "store/tools/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "store/rocksdb/engine.h"
#include "store/rocksdb/keys.h"

namespace gantry::store {
namespace {

std::string Printable(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      out += fmt::format("\\u{:04x}", c);
    }
  }
  return out;
}

// The fields of a dumped record that say what its value is.
Result<std::string> Shown(const std::string& key, std::string_view value, const Keyring* keys) {
  if (HasSealHeader(value) && keys != nullptr) {
    GANTRY_TRY_SET(const std::string opened, keys->Open(key, std::string(value)));
    return fmt::format("\"value\":\"{}\"", Printable(opened));
  }
  if (HasSealHeader(value)) {
    GANTRY_TRY_SET(const auto by, ReadSealHeader(value).Wrap(key));
    if (by) {
      return fmt::format("\"sealedBy\":{{\"name\":\"{}\",\"fingerprint\":\"{}\"}}",
                         Printable(by->name), by->fingerprint);
    }
    value = UnwrapPlain(value);
  }
  return fmt::format("\"value\":\"{}\"", Printable(value));
}

class Checker {
 public:
  Checker(Engine* engine, std::ostream* out, const Keyring* keys)
      : engine_(engine), out_(out), keys_(keys) {}

  Result<CheckReport> Run() {
    // Reading all records does not read all of a file.
    if (auto s = engine_->db()->VerifyFileChecksums({}); !s.ok()) return EngineError("check", s);
    GANTRY_TRY_SET(report_.horizon, engine_->ReadHorizon());
    GANTRY_TRY_SET(report_.last, engine_->ReadLastRevision());
    GANTRY_TRY(ReadLog());
    GANTRY_TRY(ReadData());
    for (const auto& [revision, entry] : log_) {
      if (!entry.found) Problem(revision, entry.key, "is in the log, but has no data record");
    }
    *out_ << fmt::format(
        "{}: {} live keys, {} versions ({} sealed), {} log entries, {} leftovers, revisions {} to "
        "{}\n",
        report_.problems == 0 ? "ok" : fmt::format("{} problems", report_.problems),
        report_.live_keys, report_.versions, report_.sealed, report_.log_entries, report_.leftovers,
        report_.horizon, report_.last);
    return report_;
  }

 private:
  struct Entry {
    Event::Type type;
    Revision previous;
    std::string key;
    bool found = false;
  };
  struct Version {
    Revision revision;
    bool live;
  };

  void Problem(Revision revision, std::string_view key, std::string_view what) {
    ++report_.problems;
    *out_ << fmt::format("problem: revision {}, key \"{}\": {}\n", revision, Printable(key), what);
  }

  static rocksdb::ReadOptions Verified() {
    rocksdb::ReadOptions read = Engine::ManyKeys();
    read.verify_checksums = true;
    read.fill_cache = false;
    return read;
  }

  // Keeps the entries above the horizon in log_.
  Status ReadLog() {
    std::unique_ptr<rocksdb::Iterator> it(engine_->db()->NewIterator(Verified(), engine_->log()));
    Revision expected = report_.horizon + 1;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (it->key().size() != kRevisionBytes) {
        Problem(0, it->key().ToStringView(), "a log key has a wrong size");
        continue;
      }
      const Revision revision = DecodeRevision(it->key().ToStringView());
      ++report_.log_entries;
      if (revision <= report_.horizon) {
        ++report_.leftovers;
        continue;
      }
      if (revision != expected) {
        Problem(revision, "", fmt::format("the log should go on with revision {}", expected));
      }
      expected = revision + 1;
      const auto entry = DecodeLog(it->value().ToStringView());
      if (!entry) {
        Problem(revision, "", "its log record does not decode");
        continue;
      }
      log_[revision] = {entry->type, entry->previous, std::string(entry->key)};
    }
    if (!it->status().ok()) return EngineError("read the log", it->status());
    return OkStatus();
  }

  Status ReadData() {
    std::unique_ptr<rocksdb::Iterator> it(engine_->db()->NewIterator(Verified(), engine_->data()));
    std::string key;
    std::vector<Version> versions;  // of `key`, newest first
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      const auto version = DecodeVersion(it->key().ToStringView());
      const rocksdb::Slice value = it->value();
      if (!version) {
        Problem(0, it->key().ToStringView(), "a data key does not decode");
        continue;
      }
      ++report_.versions;
      if (value.empty() || (value[0] != kValueMark && value[0] != kTombstoneMark)) {
        Problem(version->revision, version->key, "its data record has no mark");
        continue;
      }
      CheckSeal(*version, value.ToStringView().substr(1));
      if (version->key != key) {
        CheckKey(key, versions);
        key = version->key;
        versions.clear();
      }
      versions.push_back({version->revision, value[0] == kValueMark});
    }
    CheckKey(key, versions);
    if (!it->status().ok()) return EngineError("read the data", it->status());
    return OkStatus();
  }

  void CheckSeal(const DecodedVersion& version, std::string_view value) {
    if (!HasSealHeader(value)) return;
    ++report_.sealed;
    Status good = OkStatus();
    if (const auto by = ReadSealHeader(value); !by.ok()) good = by.error();
    if (keys_ != nullptr && good.ok()) {
      if (const auto opened = keys_->Open(version.key, std::string(value)); !opened.ok()) {
        good = opened.error();
      }
    }
    if (!good.ok()) Problem(version.revision, version.key, good.error().message);
  }

  void CheckKey(const std::string& key, const std::vector<Version>& versions) {
    if (versions.empty()) return;
    if (versions.front().live) ++report_.live_keys;
    bool base_seen = false;  // the version that a reader at the horizon sees
    for (size_t i = 0; i < versions.size(); ++i) {
      const auto& [revision, live] = versions[i];
      const bool older_live = i + 1 < versions.size() && versions[i + 1].live;
      const Revision previous = older_live ? versions[i + 1].revision : 0;
      if (revision <= report_.horizon) {
        // Only the newest live one has a reason to be here.
        if (base_seen || !live) ++report_.leftovers;
        base_seen = true;
        continue;
      }
      auto it = log_.find(revision);
      if (it == log_.end() || it->second.key != key) {
        Problem(revision, key, "has a data record, but is not in the log");
        continue;
      }
      Entry& entry = it->second;
      entry.found = true;
      if ((entry.type == Event::Type::kPut) != live) {
        Problem(revision, key, "is a deletion in one place and a value in the other");
      }
      if (entry.previous != previous) {
        Problem(revision, key,
                fmt::format("names {} as the version before it, but that is {}", entry.previous,
                            previous));
      }
      if (!live && previous == 0) Problem(revision, key, "deletes nothing");
    }
  }

  Engine* const engine_;
  std::ostream* const out_;
  const Keyring* const keys_;
  CheckReport report_;
  std::map<Revision, Entry> log_;
};

}  // namespace

Result<CheckReport> CheckStore(const std::string& dir, std::ostream& out, const Keyring* keys) {
  EngineOptions options;
  options.read_only = true;
  GANTRY_TRY_SET(auto engine, Engine::Open(dir, std::move(options)));
  return Checker(engine.get(), &out, keys).Run();
}

Status DumpStore(const std::string& dir, std::string_view prefix, std::ostream& out,
                 const Keyring* keys) {
  EngineOptions options;
  options.read_only = true;
  GANTRY_TRY_SET(auto engine, Engine::Open(dir, std::move(options)));
  std::unique_ptr<rocksdb::Iterator> it(
      engine->db()->NewIterator(Engine::ManyKeys(), engine->data()));
  std::string key;
  for (it->Seek(PrefixRange(prefix).first); it->Valid(); it->Next()) {
    const auto version = DecodeVersion(it->key().ToStringView());
    if (!version) return Error(Code::kDataLoss, "dump: a data key does not decode");
    if (!version->key.starts_with(prefix)) break;
    if (version->key == key) continue;  // an older version
    key = version->key;
    const std::string_view value = it->value().ToStringView();
    if (value.empty() || value[0] != kValueMark) continue;
    GANTRY_TRY_SET(const std::string shown, Shown(key, value.substr(1), keys));
    out << fmt::format("{{\"key\":\"{}\",\"revision\":{},\"size\":{},{}}}\n", Printable(key),
                       version->revision, value.size() - 1, shown);
  }
  if (!it->status().ok()) return EngineError("dump", it->status());
  return OkStatus();
}

}  // namespace gantry::store
