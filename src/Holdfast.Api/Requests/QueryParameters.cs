using Holdfast.Api.Problems;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Requests;

/// <summary>The parameters of a query, each known and given once.</summary>
internal static class QueryParameters
{
    /// <param name="query">The query.</param>
    /// <param name="known">The names that there are.</param>
    /// <param name="hint">What to say besides to a client that gives another one.</param>
    public static Parsed<Dictionary<string, string>> Read(IQueryCollection query, string[] known, string hint = "")
    {
        var read = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return Problem.Invalid(name, $"There is no query parameter '{name}'. There are {string.Join(", ", known)}.{hint}");
            }

            if (values.Count > 1)
            {
                return Problem.Invalid(name, $"The query parameter '{name}' is given more than once.");
            }

            read.Add(name, values[0] ?? "");
        }

        return read;
    }
}
