using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Holdfast.Status.Operating;

/// <summary>Hashes of passwords: PBKDF2 with HMAC-SHA512 and a salt each, by ASP.NET's own hasher.</summary>
internal static class Passwords
{
    /// <summary>The shortest password.</summary>
    public const int MinimumLength = 12;

    /// <summary>The longest password.</summary>
    public const int MaximumLength = 200;

    // What OWASP recommends for PBKDF2 with HMAC-SHA512.
    private const int Iterations = 210_000;

    private static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));

    /// <summary>A hash that no password fits.</summary>
    public static string Nobody { get; } = Hash(Guid.NewGuid().ToString());

    /// <summary>Hashes a password.</summary>
    public static string Hash(string password) => Hasher.HashPassword("", password);

    /// <summary>Whether a password fits a hash.</summary>
    public static bool Verify(string hash, string password)
        => password.Length <= MaximumLength && Hasher.VerifyHashedPassword("", hash, password) != PasswordVerificationResult.Failed;
}
