using System.CommandLine;
using System.CommandLine.Parsing;
using Holdfast.Transport.Tls;

namespace Holdfast.Server.CommandLine;

/// <summary>The options that say where a certificate and its key lie. A password is never on the command line, where every user of the machine could read it.</summary>
internal sealed class CertificateArguments
{
    /// <summary>The environment variable that may hold the password.</summary>
    public const string PasswordVariable = "HOLDFAST_CERTIFICATE_PASSWORD";

    private readonly Option<string?> _certificate = ValueOptions.Text("--certificate", "FILE", "The certificate of mqtts, wss and https, with those that lead to its root: PEM, or .pfx. Read again when it changes, and on SIGHUP.");
    private readonly Option<string?> _key = ValueOptions.Text("--key", "FILE", "The certificate's private key in PEM, if it is not in the same file.");
    private readonly Option<string?> _passwordFile = ValueOptions.Text("--certificate-password-file", "FILE", $"A file with the password of the key; or set {PasswordVariable}.");

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    public void AddTo(Command command)
    {
        command.Add(_certificate);
        command.Add(_key);
        command.Add(_passwordFile);
    }

    /// <summary>What is wrong with the options and what to do, or null.</summary>
    /// <param name="result">The parsed command.</param>
    /// <param name="listen">The listeners.</param>
    public string? Problem(CommandResult result, IReadOnlyList<ListenUrl> listen)
    {
        if (result.GetValue(_certificate) is not null)
        {
            return result.GetValue(_passwordFile) is { } file && !File.Exists(file) ? $"--certificate-password-file {file}: there is no such file." : null;
        }

        return listen.FirstOrDefault(one => one.IsTls) is { } needing ? $"--listen {needing} needs a certificate: add --certificate FILE and --key FILE."
            : result.GetValue(_key) is not null || result.GetValue(_passwordFile) is not null ? "--key and --certificate-password-file belong to --certificate FILE."
            : null;
    }

    /// <summary>Where the certificate lies, or null.</summary>
    /// <param name="result">A command line without errors.</param>
    public CertificateFiles? Bind(ParseResult result) => result.GetValue(_certificate) is { } certificate
        ? new CertificateFiles(certificate, result.GetValue(_key), Password(result.GetValue(_passwordFile)))
        : null;

    private static string? Password(string? file)
        => file is not null ? File.ReadAllText(file).TrimEnd('\r', '\n') : Environment.GetEnvironmentVariable(PasswordVariable) is { Length: > 0 } password ? password : null;
}
