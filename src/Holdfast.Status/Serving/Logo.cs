using Holdfast.Status.Page;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Serving;

/// <summary>The operator's picture.</summary>
/// <param name="Path">Where it is served; empty when there is none.</param>
/// <param name="Content">The file.</param>
internal sealed record Logo(string Path, byte[] Content)
{
    private const int MaximumBytes = 512 * 1024;

    /// <summary>Reads the picture that the options name.</summary>
    /// <exception cref="StatusDataException">It cannot be used.</exception>
    public static Logo Load(string directory, PageOptions options)
    {
        if (options.Logo.Length == 0)
        {
            return new Logo("", []);
        }

        string file = System.IO.Path.Combine(directory, options.Logo);
        try
        {
            byte[] content = File.ReadAllBytes(file);
            return content.Length <= MaximumBytes
                ? new Logo($"logo{System.IO.Path.GetExtension(options.Logo)}", content)
                : throw new StatusDataException($"The logo '{file}' has {content.Length} bytes; at most {MaximumBytes} are served.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && exception is not StatusDataException)
        {
            throw new StatusDataException($"The logo '{file}' cannot be read: {exception.Message}", exception);
        }
    }
}
