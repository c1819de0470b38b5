using System.CommandLine;
using System.Text.Json.Nodes;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.Management;

/// <summary>The options that limit what a product keeps.</summary>
internal sealed class ProductLimitOptions
{
    private const string None = "none";

    /// <summary>The oldest event.</summary>
    public Option<string?> Age { get; } = ValueOptions.Text("--retention-age", "DURATION", "Keep its events so long, such as 30d; 'none' for as long as the node keeps them.");

    /// <summary>All events together.</summary>
    public Option<string?> Bytes { get; } = ValueOptions.Text("--retention-bytes", "SIZE", "Keep so much of its events, such as 10GB, the newest; 'none' for no bound.");

    /// <summary>Refuses what is no duration or size, before anything is sent.</summary>
    public ProductLimitOptions()
    {
        Age.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not None and var text }] && !(Durations.TryParse(text, out TimeSpan age) && age >= TimeSpan.FromSeconds(1)))
            {
                result.AddError($"--retention-age {text}: write a duration of at least a second such as 12h or 30d, or none.");
            }
        });
        Bytes.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not None and var text }] && !(Sizes.TryParse(text, out long bytes) && bytes > 0))
            {
                result.AddError($"--retention-bytes {text}: write a size such as 500MB or 10GB, or none.");
            }
        });
    }

    /// <summary>Puts what was given into the body of a request.</summary>
    /// <param name="body">The body.</param>
    /// <param name="result">The parsed command line.</param>
    public JsonObject AddTo(JsonObject body, ParseResult result)
    {
        if (result.GetValue(Age) is { } age)
        {
            body["retentionAgeSeconds"] = Durations.TryParse(age, out TimeSpan duration) ? (long)duration.TotalSeconds : null;
        }

        if (result.GetValue(Bytes) is { } bytes)
        {
            body["retentionBytes"] = Sizes.TryParse(bytes, out long size) ? size : null;
        }

        return body;
    }
}
