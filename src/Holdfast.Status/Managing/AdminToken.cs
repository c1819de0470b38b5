using System.Security.Cryptography;
using System.Text;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Managing;

/// <summary>The token of the management API, in a file of the data directory that only its owner reads. Made at the first start.</summary>
internal sealed class AdminToken
{
    /// <summary>The file's name.</summary>
    public const string FileName = "admin-token";

    private readonly byte[] _hash;

    private AdminToken(string token)
    {
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
    }

    /// <summary>Reads the token of a data directory, and makes one when there is none.</summary>
    /// <exception cref="StatusDataException">It cannot be read or written.</exception>
    public static AdminToken Load(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(path))
            {
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                {
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                }

                using var file = new FileStream(path, options);
                file.Write(Encoding.ASCII.GetBytes(Tokens.Make() + "\n"));
                file.Flush(flushToDisk: true);
            }

            string token = File.ReadAllText(path).Trim();
            return token.Length >= Tokens.Length ? new AdminToken(token) : throw new StatusDataException($"'{path}' holds no token of {Tokens.Length} characters. Remove it; another is made.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && exception is not StatusDataException)
        {
            throw new StatusDataException($"The token in '{path}' cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a text is the token; its duration tells nothing.</summary>
    public bool Is(string candidate) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), _hash);
}
