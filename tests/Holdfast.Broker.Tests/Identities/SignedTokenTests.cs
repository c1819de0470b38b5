using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Holdfast.Broker.Identities;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Identities;

public sealed class SignedTokenTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly byte[] _shared = RandomNumberGenerator.GetBytes(32);

    private IReadOnlyList<SigningKey> Keys =>
    [
        new("curve", "ES256", _curve.ExportSubjectPublicKeyInfoPem(), null),
        new("rsa", "RS256", _rsa.ExportSubjectPublicKeyInfoPem(), null),
        new("shared", "HS256", Convert.ToBase64String(_shared), "holdfast"),
    ];

    [Theory]
    [InlineData("ES256", """{"sub":"d","exp":1767225900}""", true)]
    [InlineData("ES256", """{"sub":"d","exp":1767225900,"nbf":1767225630}""", true)]
    [InlineData("ES256", """{"sub":"d","exp":1767225900,"nbf":1767225700}""", false)]
    [InlineData("ES256", """{"sub":"d","exp":1767225600}""", false)]
    [InlineData("ES256", """{"sub":"d"}""", false)]
    [InlineData("ES256", """{"exp":1767225900}""", false)]
    [InlineData("ES256", """{"sub":"d","exp":"1767225900"}""", false)]
    [InlineData("ES256", """{"sub":"e","sub":"d","exp":1767225900}""", false)]
    [InlineData("RS256", """{"sub":"d","exp":1767225900}""", true)]
    [InlineData("HS256", """{"sub":"d","exp":1767225900,"aud":"holdfast"}""", true)]
    [InlineData("HS256", """{"sub":"d","exp":1767225900,"aud":["x","holdfast"]}""", true)]
    [InlineData("HS256", """{"sub":"d","exp":1767225900,"aud":"x"}""", false)]
    [InlineData("HS256", """{"sub":"d","exp":1767225900}""", false)]
    public void A_token_counts_when_its_signature_times_and_audience_are_good(string algorithm, string claims, bool isGood)
        => Assert.Equal(isGood ? "d" : null, SignedToken.Read(Sign($$"""{"alg":"{{algorithm}}"}""", claims, algorithm), Keys, Now)?.Subject);

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"ES256","kid":"rsa"}""")]
    [InlineData("""{"alg":"ES256","kid":"unknown"}""")]
    [InlineData("""{"alg":"ES256","crit":["b64"]}""")]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{}""")]
    public void A_header_changes_nothing_of_what_a_key_is_for(string header)
        => Assert.Null(SignedToken.Read(Sign(header, """{"sub":"d","exp":1767225900}""", "ES256"), Keys, Now));

    /// <summary>The classic: the public key as the secret of an HMAC.</summary>
    [Fact]
    public void A_public_key_is_no_secret()
    {
        var signed = $"{Encode("""{"alg":"HS256"}""")}.{Encode("""{"sub":"d","exp":1767225900}""")}";
        var signature = HMACSHA256.HashData(Encoding.ASCII.GetBytes(Keys[1].Key), Encoding.ASCII.GetBytes(signed));

        Assert.Null(SignedToken.Read($"{signed}.{Base64Url.EncodeToString(signature)}", Keys.Take(2).ToList(), Now));
    }

    [Fact]
    public void Whatever_is_changed_in_a_token_makes_it_worthless()
    {
        var token = Sign("""{"alg":"ES256"}""", """{"sub":"d","exp":1767225900}""", "ES256");
        Assert.NotNull(SignedToken.Read(token, Keys, Now));

        for (var place = 0; place < token.Length - 1; place++)
        {
            var changed = token.ToCharArray();
            changed[place] = (char)(changed[place] ^ 0x04);
            Assert.Null(SignedToken.Read(new string(changed), Keys, Now));
        }

        foreach (var text in (string[])["", "..", "a.b", "a.b.c.d", token + ".", token[..^1], "." + token])
        {
            Assert.Null(SignedToken.Read(text, Keys, Now));
        }
    }

    [Fact]
    public void Weak_keys_are_told()
    {
        using var weak = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.All(Keys, key => Assert.Null(SignedToken.ProblemOf(key)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "RS256", weak.ExportSubjectPublicKeyInfoPem(), null)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "ES256", other.ExportSubjectPublicKeyInfoPem(), null)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "HS256", Convert.ToBase64String(_shared[..31]), null)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "HS256", "not base64", null)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "RS256", "no key", null)));
        Assert.NotNull(SignedToken.ProblemOf(new("k", "none", "", null)));
    }

    [Fact]
    public async Task A_device_connects_with_a_token_until_it_expires_or_its_key_is_removed()
    {
        await using var world = await Registered.StartAsync();
        await world.AddDeviceAsync("d");
        await world.Administration.ChangeProductAsync("p", product => product with { SigningKeys = Keys });
        var token = Sign("""{"alg":"ES256","kid":"curve"}""", """{"sub":"d","exp":1767225900}""", "ES256");
        var other = Sign("""{"alg":"RS256"}""", """{"sub":"d","exp":1767226900}""", "RS256");

        var device = await world.ConnectAsync("d", token);
        var second = await world.ConnectAsync("d", other, "second");
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("p/e", token)).Reason);
        Assert.Equal(ReasonCode.BadUserNameOrPassword, (await world.TryAsync("q/d", token)).Reason);

        world.Broker.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(ReasonCode.MaximumConnectTime, await device.DisconnectedByServerAsync());
        await second.PingAsync();
        await world.Administration.ChangeProductAsync("p", product => product with { SigningKeys = Keys.Take(1).ToList() });
        Assert.Equal(ReasonCode.AdministrativeAction, await second.DisconnectedByServerAsync());
    }

    public void Dispose()
    {
        _curve.Dispose();
        _rsa.Dispose();
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private string Sign(string header, string claims, string algorithm)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var data = Encoding.ASCII.GetBytes(signed);
        var signature = algorithm switch
        {
            "ES256" => _curve.SignData(data, HashAlgorithmName.SHA256),
            "RS256" => _rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            _ => HMACSHA256.HashData(_shared, data),
        };
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}
