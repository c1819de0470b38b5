using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Holdfast.Api.Security;

/// <summary>
/// The administrator's token: 256 random bits, made at the first start in a file that only its owner can read. The process keeps no
/// more than its SHA-256, so that no dump, log or debugger shows it; and that only once somebody shows a token, because OpenSSL, which
/// hashes, takes five megabytes. Until then it keeps the file open, so that what was checked at the start is what counts.
/// </summary>
public sealed class AdminToken
{
    /// <summary>The file's name below the data directory.</summary>
    public const string FileName = "admin-token";

    private const int RandomBytes = 32;

    /// <summary>The token, and white space that an editor may have left.</summary>
    private const int MaximumFileLength = 128;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;
    private static readonly int TextLength = Base64Url.GetEncodedLength(RandomBytes);

    private readonly Lazy<byte[]> _hash;

    private AdminToken(SafeFileHandle file, string path, bool isNew)
    {
        _hash = new Lazy<byte[]>(() => HashOf(file));
        Path = path;
        IsNew = isNew;
    }

    /// <summary>Where the token is stored.</summary>
    public string Path { get; }

    /// <summary>Whether it was made just now.</summary>
    public bool IsNew { get; }

    /// <summary>Reads the token of a data directory, or makes it.</summary>
    /// <param name="directory">The data directory, which exists and belongs to this process alone.</param>
    /// <exception cref="InvalidDataException">The file holds no token, or others can read it. The message says what to do.</exception>
    /// <exception cref="IOException">The directory cannot be written or the file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written or the file cannot be read.</exception>
    public static AdminToken LoadOrCreate(string directory)
    {
        var path = System.IO.Path.Combine(directory, FileName);
        return File.Exists(path) ? Load(path) : Create(path);
    }

    /// <summary>Whether a text is the token. Takes the same time for every text of the same length.</summary>
    /// <param name="candidate">What a client sent.</param>
    public bool Matches(ReadOnlySpan<char> candidate)
    {
        Span<byte> text = stackalloc byte[TextLength];
        if (candidate.Length != TextLength || !Ascii.IsValid(candidate))
        {
            return false;
        }

        Encoding.ASCII.GetBytes(candidate, text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash.Value);
    }

    private static AdminToken Load(string path)
    {
        var file = Open(path);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0)
        {
            file.Dispose();
            throw new InvalidDataException(
                $"{path} holds the administrator's token, and others can read it. "
                + "Consider it known: delete the file, and the next start makes a new one.");
        }

        Span<byte> text = stackalloc byte[TextLength];
        if (!TryRead(file, text))
        {
            file.Dispose();
            throw new InvalidDataException($"{path} does not hold a token. Delete it, and the next start makes a new one.");
        }

        return new AdminToken(file, path, isNew: false);
    }

    /// <summary>Written beside its place and moved there, so that the file is never seen empty or half.</summary>
    private static AdminToken Create(string path)
    {
        var text = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));
        var unfinished = path + ".new";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(unfinished, options))
        {
            file.Write(Encoding.ASCII.GetBytes(text + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: false);
        return new AdminToken(Open(path), path, isNew: true);
    }

    private static SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Reads the token, around which there may be white space.</summary>
    private static bool TryRead(SafeFileHandle file, Span<byte> text)
    {
        Span<byte> content = stackalloc byte[MaximumFileLength];
        var length = RandomAccess.Read(file, content, 0);
        var found = content[..length].Trim(" \t\r\n"u8);
        return found.Length == text.Length && Base64Url.IsValid(found) && found.TryCopyTo(text);
    }

    /// <summary>Hashes what the file holds. A file that somebody has spoiled meanwhile holds nobody's token.</summary>
    private static byte[] HashOf(SafeFileHandle file)
    {
        using (file)
        {
            Span<byte> text = stackalloc byte[TextLength];
            return TryRead(file, text) ? SHA256.HashData(text) : RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
        }
    }
}
