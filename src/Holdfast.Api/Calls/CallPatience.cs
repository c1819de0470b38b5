using System.Globalization;
using Holdfast.Api.Problems;
using Holdfast.Api.Requests;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Calls;

/// <summary>How long a caller waits, or a stored command does.</summary>
/// <param name="Wait">How long the caller waits for the answer; null when it does not.</param>
/// <param name="Expiry">When a stored command is given up; null for as long as the log is kept.</param>
internal readonly record struct CallPatience(TimeSpan? Wait, TimeSpan? Expiry)
{
    private static readonly (string Unit, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60)];

    public static Parsed<CallPatience> Parse(IQueryCollection query, string[] known, TimeSpan longest)
    {
        if (!QueryParameters.Read(query, known).IsValid(out var parameters, out var problem))
        {
            return problem;
        }

        TimeSpan? wait = null;
        if (parameters.TryGetValue("wait", out var waitText))
        {
            if (!TryParse(waitText, out var given) || given <= TimeSpan.Zero || given > longest)
            {
                return Problem.Invalid("wait", $"The query parameter 'wait' must be a duration such as 500ms or 10s, at most {longest.TotalSeconds:0}s, not '{waitText}'.");
            }

            wait = given;
        }

        if (!parameters.TryGetValue("expirySeconds", out var expiryText))
        {
            return new CallPatience(wait, null);
        }

        return wait is not null
            ? Problem.Invalid("expirySeconds", "A command that is waited for expires with the waiting; give 'wait' or 'expirySeconds', not both.")
            : uint.TryParse(expiryText, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
                ? new CallPatience(null, TimeSpan.FromSeconds(seconds))
                : Problem.Invalid("expirySeconds", $"The query parameter 'expirySeconds' must be a whole number from 1 to {uint.MaxValue}, not '{expiryText}'.");
    }

    private static bool TryParse(string text, out TimeSpan duration)
    {
        foreach (var (unit, seconds) in Units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                && count < int.MaxValue)
            {
                duration = TimeSpan.FromSeconds(count * seconds);
                return true;
            }
        }

        duration = default;
        return false;
    }
}
