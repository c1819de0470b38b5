using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Holdfast.Broker.Access;
using Holdfast.Broker.Connections;
using Holdfast.Broker.Naming;
using Holdfast.Mqtt;
using Holdfast.Mqtt.Packets;

namespace Holdfast.Broker.Identities;

/// <summary>Decides who a client is, by what it shows; later, whether that still counts.</summary>
/// <param name="registry">The registry.</param>
/// <param name="time">The clock.</param>
public sealed class ClientAuthenticator(IdentityRegistry registry, TimeProvider time)
{
    /// <summary>The user name that comes with an API token; behind it, for a token of all products, <c>/{product}</c>.</summary>
    public const string TokenUserName = "token";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Limits the attempts with wrong credentials, whatever protocol they come by.</summary>
    public AttemptLimit Attempts { get; } = new(time);

    /// <summary>Judges a CONNECT.</summary>
    /// <param name="packet">What the client says.</param>
    /// <param name="info">Where it comes from.</param>
    public Admission Admit(ConnectPacket packet, ConnectionInfo info)
    {
        if (packet.UserName is null && packet.Password is null && info.Certificate is null)
        {
            return info.AllowAnonymous
                ? Admission.Of(Anonymous())
                : Admission.Refuse(ReasonCode.NotAuthorized, "This listener admits no clients without credentials.");
        }

        var (address, name) = (AddressOf(info.Address), packet.UserName ?? "");
        if (!Attempts.Allows(address, name))
        {
            return Admission.Refuse(ReasonCode.ConnectionRateExceeded, "Too many attempts with wrong credentials. Try again in a minute.");
        }

        if (Identify(packet, info) is { } identity)
        {
            return Admission.Of(identity);
        }

        Attempts.CountWrong(address, name);
        return packet.Password is null
            ? Admission.Refuse(ReasonCode.NotAuthorized, "The certificate is that of no device, or of another one than the user name says.")
            : Admission.Refuse(ReasonCode.BadUserNameOrPassword, "The user name and the password are not those of a device or a token.");
    }

    /// <summary>The device that shows a user name and a password; null when they are wrong.</summary>
    /// <param name="userName"><c>{product}/{device}</c>, or <c>token</c>.</param>
    /// <param name="password">The device's key or signed token, or the API token.</param>
    public ClientIdentity? Identify(string userName, string password)
    {
        var now = time.GetUtcNow();
        var names = userName.Split('/', 2);
        if (names[0] == TokenUserName)
        {
            return Judge(names.Length == 2 ? names[1] : "", null, new Credential.ApiToken(Secret.Hash(password)), now);
        }

        if (names.Length != 2)
        {
            return null;
        }

        if (!SignedToken.Is(password))
        {
            return Judge(names[0], names[1], new Credential.DeviceKey(Secret.Hash(password)), now);
        }

        return SignedToken.Read(password, registry.FindProduct(names[0])?.Document.SigningKeys ?? [], now) is var (subject, credential) && subject == names[1]
            ? Judge(names[0], names[1], credential, now)
            : null;
    }

    /// <summary>The back end that shows an API token; null when it is none, or one of all products.</summary>
    /// <param name="token">The token.</param>
    public TokenEntry? FindToken(string token) => registry.FindToken(Secret.Hash(token), time.GetUtcNow(), out _);

    /// <summary>Whether a client may go on, and with which rights; null when what it has shown counts no more.</summary>
    /// <param name="identity">Who it was when it came.</param>
    public ClientIdentity? Renew(ClientIdentity identity)
        => identity.Credential is Credential.Anonymous ? identity : Judge(identity.Product, identity.Device, identity.Credential, time.GetUtcNow());

    /// <summary>What the owner of a session may do now, wherever it is; null when it may do nothing any more.</summary>
    /// <param name="product">The session's product.</param>
    /// <param name="sessionName">The session's name, see <see cref="ClientIdentity.SessionName"/>.</param>
    public Rights? RightsOf(string product, string sessionName)
    {
        var (device, token) = ClientIdentity.OwnerOf(sessionName);
        if (device is null && token is null)
        {
            return Rights.Everything;
        }

        if (registry.FindProduct(product) is not { } entry)
        {
            return null;
        }

        return device is not null
            ? registry.FindDevice(product, device) is { Document.RevokedAt: null } ? Rights.OfDevice(product, device, entry.Document.Rules) : null
            : (registry.FindToken(product, token!) ?? registry.FindToken(IdentityRegistry.AllProducts, token!)) is { Document: { Secrets.Count: > 0 } document } ? Rights.OfToken(document.Scopes) : null;
    }

    /// <summary>The address as attempts are counted by: of IPv6 the network that one customer has.</summary>
    /// <param name="address">The address, or null.</param>
    public static string AddressOf(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            return address?.MapToIPv4().ToString() ?? "";
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }

    private static ClientIdentity Anonymous() => new() { Product = IdentityRegistry.DefaultProduct, Credential = new Credential.Anonymous(), Rights = Rights.Everything };

    private ClientIdentity? Identify(ConnectPacket packet, ConnectionInfo info)
    {
        var byCertificate = info.Certificate is null ? null : IdentifyByCertificate(info.Certificate, info.Intermediates);
        if (packet.Password is not { } password)
        {
            return byCertificate is not null && (packet.UserName is null || packet.UserName == $"{byCertificate.Product}/{byCertificate.Device}") ? byCertificate : null;
        }

        if (packet.UserName is null || TextOf(password) is not { } text || Identify(packet.UserName, text) is not { } identity)
        {
            return null;
        }

        // Where a certificate is required it must be that of the same device; a back end has a certificate of its product at least.
        return !info.RequiresCertificate || (byCertificate?.Product == identity.Product && (identity.Device is null || identity.Device == byCertificate.Device)) ? identity : null;
    }

    private ClientIdentity? IdentifyByCertificate(X509Certificate2 certificate, IReadOnlyList<byte[]> intermediates)
    {
        var now = time.GetUtcNow();
        if (now >= certificate.NotAfter.ToUniversalTime() || now < certificate.NotBefore.ToUniversalTime())
        {
            return null;
        }

        var thumbprint = ClientCertificates.ThumbprintOf(certificate);
        if (registry.FindDeviceOf(thumbprint) is { } device)
        {
            return Judge(device.Product, device.Id, new Credential.Pinned(thumbprint), now);
        }

        return ClientCertificates.FindIssued(certificate, intermediates, registry.Products, now) is var (product, id, credential) ? Judge(product, id, credential, now) : null;
    }

    private ClientIdentity? Judge(string product, string? device, Credential credential, DateTimeOffset now)
        => credential is Credential.ApiToken token ? JudgeToken(product, token, now) : JudgeDevice(product, device ?? "", credential, now);

    private ClientIdentity? JudgeToken(string product, Credential.ApiToken credential, DateTimeOffset now)
    {
        var token = registry.FindToken(credential.Hash, now, out var secret);
        if (token is null || (token.Product == IdentityRegistry.AllProducts ? product.Length == 0 : product.Length > 0 && product != token.Product))
        {
            return null;
        }

        var own = token.Product == IdentityRegistry.AllProducts ? product : token.Product;
        return registry.FindProduct(own) is null ? null : new ClientIdentity
        {
            Product = own,
            Token = token.Name,
            Credential = credential,
            Rights = Rights.OfToken(token.Document.Scopes),
            ExpiresAt = secret!.ExpiresAt,
        };
    }

    private ClientIdentity? JudgeDevice(string product, string device, Credential credential, DateTimeOffset now)
    {
        var entry = registry.FindDevice(product, device);
        var ofProduct = registry.FindProduct(product)?.Document;
        var key = credential is Credential.DeviceKey shown ? Secret.Find(shown.Hash, entry?.Document.Keys, now) : null;
        if (entry is null || ofProduct is null || entry.Document.RevokedAt is not null || !DeviceId.IsValid(device))
        {
            return null;
        }

        var (isValid, expiresAt) = credential switch
        {
            Credential.DeviceKey => (key is not null, key?.ExpiresAt),
            Credential.Pinned pinned => (entry.Document.Certificates.Contains(pinned.Thumbprint), null),
            Credential.Issued issued => (ofProduct.Authorities.Any(one => one.Certificate.AsSpan().SequenceEqual(issued.Authority)), issued.ExpiresAt),
            Credential.Signed signed => (signed.ExpiresAt > now && ofProduct.SigningKeys.Contains(signed.Key), signed.ExpiresAt),
            _ => (false, (DateTimeOffset?)null),
        };
        return !isValid ? null : new ClientIdentity
        {
            Product = product,
            Device = device,
            Credential = credential,
            Rights = Rights.OfDevice(product, device, ofProduct.Rules),
            ExpiresAt = expiresAt,
        };
    }

    private static string? TextOf(ReadOnlyMemory<byte> password)
    {
        try
        {
            return StrictUtf8.GetString(password.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>The answer to a CONNECT.</summary>
/// <param name="Identity">Who the client is; null when it is refused.</param>
/// <param name="Reason">Why it is refused.</param>
/// <param name="Message">The same in words, which tell a stranger nothing.</param>
public sealed record Admission(ClientIdentity? Identity, ReasonCode Reason, string Message)
{
    internal static Admission Of(ClientIdentity identity) => new(identity, ReasonCode.Success, "");

    internal static Admission Refuse(ReasonCode reason, string message) => new(null, reason, message);
}
