#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/kubeconfig/render.h"
#include "apis/machinery/meta/certificate_request.h"
#include "apis/machinery/meta/condition.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/key_request.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

constexpr Duration kSigning = std::chrono::seconds(30);
constexpr Duration kLeast = std::chrono::minutes(10);
constexpr char kRequests[] = "certificatesigningrequests.certificates.k8s.io";
constexpr char kRbacGroup[] = "rbac.authorization.k8s.io";

struct UserFlags {
  std::vector<std::string> words;
  std::vector<std::string> groups;
  std::string duration;
  std::string output;
  std::string role;
  std::string cluster_role;
};

// Replaces a file by one that its owner alone may read.
Status WritePrivateFile(const std::string& path, const std::string& text) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const auto failed = [&](const char* what) {
    const int code = errno;
    unlink(temporary.c_str());
    return Error(Code::kInternal, fmt::format("error: {} {}: {}", what, path, std::strerror(code)));
  };
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failed("write");
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  if (close(fd) != 0 || done < text.size()) return failed("write");
  if (rename(temporary.c_str(), path.c_str()) != 0) return failed("write");
  return OkStatus();
}

// Makes a user: a key here, a certificate there, a kubeconfig of both.
class UserMaker {
 public:
  UserMaker(Session* session, const UserFlags& flags) : session_(*session), flags_(flags) {}

  Result<int> Run() {
    GANTRY_TRY(CheckFlags());
    GANTRY_TRY_SET(client_, session_.client());
    GANTRY_TRY_SET(const Mapper* const mapper, session_.mapper());
    GANTRY_TRY_SET(const ServedResource* const type, mapper->Find(kRequests));
    GANTRY_TRY_SET(const KeyRequest key, MakeKeyRequest(name(), flags_.groups));
    GANTRY_TRY_SET(const std::string request, Ask(*type, key.request));
    Result<std::string> certificate = Sign(*type, request);
    if (!certificate.ok()) {
      // The key is gone with this process, so nobody can use what is asked for.
      client_->Delete(session_.ctx(), type->resource, {"", request}).IgnoreError();
      return std::move(certificate).error();
    }
    GANTRY_TRY(Bind(*mapper));
    return Write(Kubeconfig(key.key, *certificate));
  }

 private:
  const std::string& name() const { return flags_.words[0]; }

  Status CheckFlags() {
    if (flags_.words.size() != 1) return LocalError("exactly one user name is required");
    if (!flags_.role.empty() && !flags_.cluster_role.empty()) {
      return LocalError("only one of --role and --clusterrole may be used");
    }
    if (!flags_.duration.empty()) {
      GANTRY_TRY_SET(life_, ParseTimeout(flags_.duration));
      if (life_ < kLeast) return LocalError("--duration must be at least 10m");
    }
    return OkStatus();
  }

  // Posts the request; gives its name.
  Result<std::string> Ask(const ServedResource& type, const std::string& request) {
    Object object;
    object.set_gvk(type.resource.gvk());
    object.Meta()["generateName"] = "gantry-user-";
    Json& spec = object.mutable_spec();
    spec = {{"request", Base64Encode(request)},
            {"signerName", kClientSigner},
            {"usages", {"client auth", "digital signature"}}};
    if (life_ > Duration(0)) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(life_).count();
      spec["expirationSeconds"] = std::min<int64_t>(seconds, INT32_MAX);
    }
    GANTRY_TRY_SET(const Object made, client_->Create(session_.ctx(), type.resource, object));
    return std::string(made.name());
  }

  // Approves the request and waits for the certificate.
  Result<std::string> Sign(const ServedResource& type, const std::string& request) {
    const Json approved = {{"type", kConditionApproved},
                           {"status", "True"},
                           {"reason", "GantryUserCreate"},
                           {"message", "This CSR was approved by kubectl gantry user create."}};
    const Json patch = {{"status", {{"conditions", Json::array({approved})}}}};
    const auto decided = client_->Patch(session_.ctx(), type.resource, {"", request},
                                        client::PatchType::kMerge, patch, "approval");
    if (!decided.ok() && decided.code() == Code::kForbidden) return MayNotApprove(decided.error());
    if (!decided.ok()) return decided.error();
    std::string certificate, refused;
    const Status waited =
        WaitForObject(session_, type, {"", request}, kSigning, [&](const Object* object) {
          if (object == nullptr) return false;
          certificate = Base64Decode(GetString(object->status(), "certificate")).value_or("");
          const Json* const failed = FindCondition(object->status(), kConditionFailed);
          if (failed != nullptr) refused = GetString(*failed, "message");
          return !certificate.empty() || failed != nullptr;
        });
    if (!certificate.empty()) return certificate;
    if (!refused.empty()) return LocalError("the server does not sign: " + refused);
    if (!waited.ok() && waited.code() != Code::kTimeout) return waited.error();
    return LocalError("the server did not sign the certificate within 30s");
  }

  static Error MayNotApprove(const Error& error) {
    return LocalError(fmt::format(
        "you may not make users: {}\nIt takes the right to update "
        "certificatesigningrequests/approval, and to approve for the signer {} (ClusterRole "
        "system:certificates.k8s.io:kube-apiserver-client-approver).\nSomebody who has both can "
        "make the user for you; or make a request with openssl, `kubectl create` it, and let them "
        "run `kubectl certificate approve`.",
        error.message, kClientSigner));
  }

  // Gives the role, if one was named: in the namespace of -n, else everywhere.
  Status Bind(const Mapper& mapper) {
    if (flags_.role.empty() && flags_.cluster_role.empty()) return OkStatus();
    const bool everywhere = flags_.role.empty() && session_.flags.ns.empty();
    GANTRY_TRY_SET(const ServedResource* const type,
                   mapper.Find(fmt::format(
                       "{}.{}", everywhere ? "clusterrolebindings" : "rolebindings", kRbacGroup)));
    const std::string& role = flags_.role.empty() ? flags_.cluster_role : flags_.role;
    Object binding;
    binding.set_gvk(type->resource.gvk());
    binding.set_name(fmt::format("{}:{}", name(), role));
    if (!everywhere) {
      GANTRY_TRY_SET(const std::string ns, session_.ns());
      binding.set_ns(ns);
    }
    binding.json()["roleRef"] = {{"apiGroup", kRbacGroup},
                                 {"kind", flags_.role.empty() ? "ClusterRole" : "Role"},
                                 {"name", role}};
    binding.json()["subjects"] =
        Json::array({{{"apiGroup", kRbacGroup}, {"kind", "User"}, {"name", name()}}});
    const auto made = client_->Create(session_.ctx(), type->resource, binding);
    if (!made.ok() && made.code() != Code::kAlreadyExists) return made.error();
    session_.io().err << type->ObjectName(binding.name())
                      << (made.ok() ? " created" : " was there already") << std::endl;
    return OkStatus();
  }

  std::string Kubeconfig(const std::string& key, const std::string& certificate) const {
    kubeconfig::Rendering file;
    file.client = session_.transport_options();
    file.client.tls.client_cert_pem = certificate;
    file.client.tls.client_key_pem = key;
    file.user = name();
    file.context = name() + "@gantry";
    file.ns = session_.flags.ns;
    return kubeconfig::Render(file);
  }

  Result<int> Write(const std::string& kubeconfig) {
    if (flags_.output.empty() || flags_.output == "-") {
      session_.io().out << kubeconfig;
      return 0;
    }
    GANTRY_TRY(WritePrivateFile(flags_.output, kubeconfig));
    session_.io().out << "user " << name() << " created, kubeconfig in " << flags_.output << "\n";
    return 0;
  }

  Session& session_;
  const UserFlags& flags_;
  const client::Client* client_ = nullptr;
  Duration life_{};
};

}  // namespace

void AddUser(const Command& root, Session* session) {
  const Command user = root.Add("user", "manage who is known by certificate");
  auto flags = std::make_shared<UserFlags>();
  const Command create = user.Add(
      "create", "make a user: a key, a certificate for it, and a kubeconfig with both",
      "kubectl-gantry user create NAME --group devs --clusterrole view -n shop -o ann.kubeconfig");
  create.Words(&flags->words, "the user's name")
      .List("--group", &flags->groups, "a group of the user; may be given several times")
      .Text("--duration", &flags->duration,
            "how long the certificate is good: 10m up to a year, the default (8760h)")
      .Text("--role", &flags->role, "give this Role in the namespace of -n")
      .Text("--clusterrole", &flags->cluster_role,
            "give this ClusterRole in the namespace of -n, or everywhere without -n")
      .Text("-o,--output", &flags->output,
            "the file to write, for its owner alone; default: standard output");
  create.Runs([session, flags] { return UserMaker(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
