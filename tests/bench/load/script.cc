#include "tests/bench/load/script.h"

#include <fmt/format.h>

namespace gantry::bench {
namespace {

constexpr std::string_view kJson = "Content-Type: application/json\r\n";
constexpr std::string_view kApply = "Content-Type: application/apply-patch+yaml\r\n";

Outcome Judge(int status) {
  return status >= 200 && status < 300 ? Outcome::kCounted : Outcome::kFailed;
}

std::string ResourceVersion(std::string_view body) {
  constexpr std::string_view kField = "\"resourceVersion\":\"";
  const size_t at = body.find(kField);
  if (at == std::string_view::npos) return {};
  body.remove_prefix(at + kField.size());
  return std::string(body.substr(0, body.find('"')));
}

class GetScript : public Script {
 public:
  GetScript(const Server& server, const LoopOptions& options)
      : request_(server.Head("GET", options.path,
                             options.accept.empty() ? "" : "Accept: " + options.accept + "\r\n",
                             0)) {}
  std::string_view Next() override { return request_; }
  Outcome OnAnswer(int status, std::string_view) override { return Judge(status); }

 private:
  const std::string request_;
};

// The digits of name and label are written over those of a request that is made once.
class CreateScript : public Script {
 public:
  CreateScript(const Server& server, const LoopOptions& options, std::shared_ptr<uint64_t> sequence)
      : sequence_(std::move(sequence)) {
    const std::string body = ConfigMapBody(options.prefix + "-00000000", "", 0);
    request_ = server.Head("POST", options.path, kJson, body.size()) + body;
    name_ = request_.find(options.prefix + "-00000000") + options.prefix.size() + 1;
    label_ = request_.find("\"part\":\"p") + 9;
  }
  std::string_view Next() override {
    const uint64_t n = (*sequence_)++;
    Digits(n, name_, 8);
    Digits(n % 100, label_, 2);
    return request_;
  }
  Outcome OnAnswer(int status, std::string_view) override { return Judge(status); }

 private:
  void Digits(uint64_t n, size_t at, size_t count) {
    for (size_t i = count; i-- > 0; n /= 10) request_[at + i] = static_cast<char>('0' + n % 10);
  }
  const std::shared_ptr<uint64_t> sequence_;
  std::string request_;
  size_t name_ = 0;
  size_t label_ = 0;
};

// Makes its object, then replaces it again and again. With `read_first` it reads the object before
// each replacement, and others may replace it in between.
class UpdateScript : public Script {
 public:
  UpdateScript(const Server& server, const LoopOptions& options, std::string name, bool read_first)
      : server_(server),
        collection_(options.path),
        name_(std::move(name)),
        get_(server.Head("GET", collection_ + "/" + name_, "", 0)),
        read_first_(read_first) {}
  std::string_view Next() override {
    if (last_ == Sent::kPut && read_first_) version_.clear();
    if (last_ == Sent::kNothing) {
      last_ = Sent::kPost;
      const std::string body = ConfigMapBody(name_, "", 0);
      request_ = server_.Head("POST", collection_, kJson, body.size()) + body;
    } else if (version_.empty()) {
      last_ = Sent::kGet;
      return get_;
    } else {
      last_ = Sent::kPut;
      const std::string body =
          ConfigMapBody(name_, "\"resourceVersion\":\"" + version_ + "\",", ++value_);
      request_ = server_.Head("PUT", collection_ + "/" + name_, kJson, body.size()) + body;
    }
    return request_;
  }
  Outcome OnAnswer(int status, std::string_view body) override {
    version_ = status < 300 ? ResourceVersion(body) : "";
    if (last_ == Sent::kPost && status == 409) return Outcome::kHelper;
    if (last_ == Sent::kPut && status == 409) return Outcome::kConflict;
    if (status >= 300) return Outcome::kFailed;
    return last_ == Sent::kPut ? Outcome::kCounted : Outcome::kHelper;
  }
  bool wants_body() const override { return true; }

 private:
  enum class Sent { kNothing, kPost, kGet, kPut };
  const Server& server_;
  const std::string collection_;
  const std::string name_;
  const std::string get_;
  const bool read_first_;
  Sent last_ = Sent::kNothing;
  std::string version_;
  std::string request_;
  uint64_t value_ = 0;
};

class ApplyScript : public Script {
 public:
  ApplyScript(const Server& server, const LoopOptions& options, std::string name)
      : server_(server),
        path_(fmt::format("{}/{}?fieldManager=bench&force=true", options.path, name)),
        name_(std::move(name)) {}
  std::string_view Next() override {
    const std::string body = ConfigMapBody(name_, "", ++value_);
    request_ = server_.Head("PATCH", path_, kApply, body.size()) + body;
    return request_;
  }
  Outcome OnAnswer(int status, std::string_view) override {
    // The first one makes the object.
    return value_ == 1 && status < 300 ? Outcome::kHelper : Judge(status);
  }

 private:
  const Server& server_;
  const std::string path_;
  const std::string name_;
  std::string request_;
  uint64_t value_ = 0;
};

}  // namespace

std::string ConfigMapBody(std::string_view name, std::string_view extra, uint64_t value) {
  static const std::string fill(256, 'x');
  return fmt::format(
      R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{{}"name":"{}","labels":)"
      R"({{"app":"bench","part":"p{:02}"}}}},"data":{{"a":"{}","b":"{}","c":"{}","d":"{}",)"
      R"("value":"{:08}"}}}})",
      extra, name, value % 100, fill, fill, fill, fill, value);
}

std::unique_ptr<Script> MakeScript(const Server& server, const LoopOptions& options, size_t index,
                                   const std::shared_ptr<uint64_t>& sequence) {
  const std::string own = fmt::format("{}-{}", options.prefix, index);
  if (options.mode == "get") return std::make_unique<GetScript>(server, options);
  if (options.mode == "create") return std::make_unique<CreateScript>(server, options, sequence);
  if (options.mode == "update") {
    return std::make_unique<UpdateScript>(server, options, own, false);
  }
  if (options.mode == "conflict") {
    const std::string shared = fmt::format("{}-{}", options.prefix, index % options.shared);
    return std::make_unique<UpdateScript>(server, options, shared, true);
  }
  if (options.mode == "apply") return std::make_unique<ApplyScript>(server, options, own);
  Fail("unknown mode '" + options.mode + "': get, create, update, conflict or apply");
}

}  // namespace gantry::bench
