#pragma once

#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/random.h"
#include "apis/machinery/base/result.h"
#include "apiserver/auth/certificates.h"

namespace gantry::apiserver {

struct PkiOptions {
  std::string data_dir;
  std::string listen_address = "127.0.0.1";  // `0.0.0.0` and `::` add no name to the certificate
  std::string hostname;                      // empty: this machine's
  std::vector<std::string> extra_names;      // further DNS names or addresses of the server
  bool own_encryption_key = true;            // false: it is kept elsewhere, and Pki has none
};

// The server's keys and the administrator's credentials, one file each under the data directory:
//
//   ca.crt ca.key          issuer of server and client certificates, 10 years
//   server.crt server.key  made again when its names changed or it ends within 30 days (1 year)
//   admin.crt admin.key    CN=gantry-admin, O=system:masters; likewise made again
//   admin.token            the same user by bearer token
//   encryption.key         32 bytes for Secrets at rest
struct Pki {
  KeyPair ca;
  KeyPair server;
  KeyPair admin;
  std::string admin_token;
  std::string encryption_key;  // empty: it is kept elsewhere

  // Reads what is there and makes what is missing; files get mode 0600, the directory 0700, each is
  // replaced atomically. A file that is there but unusable is an error, never overwritten: the CA
  // and the encryption key cannot be made up again. Blocks on the disk.
  static Result<Pki> Ensure(const PkiOptions& options, Clock* clock, Random* random);
  // Makes the certificates of server and administrator again if it is time; nothing else is read.
  // Blocks on the disk.
  Status Renew(const PkiOptions& options, Clock* clock, Random* random);
};

// Writes `<data_dir>/admin.kubeconfig` for `url` (`https://127.0.0.1:6443`), context `gantry`,
// certificates embedded; only when its content would change. Returns its path. `trusted`: by which
// certificates clients know the server.
Result<std::string> WriteAdminKubeconfig(const Pki& pki, const std::string& data_dir,
                                         const std::string& url, const std::string& trusted);
inline Result<std::string> WriteAdminKubeconfig(const Pki& pki, const std::string& data_dir,
                                                const std::string& url) {
  return WriteAdminKubeconfig(pki, data_dir, url, pki.ca.certificate);
}

}  // namespace gantry::apiserver
