#include "apiserver/gantry/controllers_identity.h"

#include "apis/machinery/kubeconfig/kubeconfig.h"
#include "apis/machinery/kubeconfig/render.h"
#include "apiserver/auth/files.h"

namespace gantry::program {
namespace {

using namespace std::chrono_literals;

constexpr auto kLife = 24h * 365;
// Looked at when the server starts and when the administrator's is made again, every 335 days.
constexpr auto kRenewBefore = 24h * 340;

bool StillGood(const std::string& path, const std::string& authority, const std::string& url,
               const std::string& trusted) {
  kubeconfig::Overrides file;
  file.kubeconfig = path;
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto config = kubeconfig::Load(file, none);
  if (!config.ok() || config->transport.server != url) return false;
  const http::TlsOptions& tls = config->transport.tls;
  const auto info = apiserver::ReadCertificateInfo(tls.client_cert_pem);
  return info.ok() && info->common_name == kControllerManager && tls.ca_pem == trusted &&
         info->not_after > Clock::Real()->Now() + kRenewBefore &&
         apiserver::IsIssuedBy({tls.client_cert_pem, tls.client_key_pem}, authority);
}

}  // namespace

Status WriteControllersKubeconfig(const apiserver::KeyPair& authority, const std::string& data_dir,
                                  const std::string& url, const std::string& trusted) {
  const std::string path = data_dir + "/controllers.kubeconfig";
  if (StillGood(path, authority.certificate, url, trusted)) return OkStatus();
  apiserver::CertificateRequest request;
  request.common_name = kControllerManager;
  request.organizations = {kControllersGroup};
  request.not_before = Clock::Real()->Now() - 1h;
  request.not_after = Clock::Real()->Now() + kLife;
  GANTRY_TRY_SET(const apiserver::KeyPair own, apiserver::MakeCertificate(authority, request));
  kubeconfig::Rendering file;
  file.client.server = url;
  file.client.tls.ca_pem = trusted;
  file.client.tls.client_cert_pem = own.certificate;
  file.client.tls.client_key_pem = own.key;
  file.user = kControllerManager;
  return apiserver::WriteFileAtomically(path, kubeconfig::Render(file));
}

}  // namespace gantry::program
