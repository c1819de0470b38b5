using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Scalar.AspNetCore;

namespace Holdfast.Api.Reference;

/// <summary>The description of the HTTP surface, for programs and for people. Open to everybody; needs nothing from other machines.</summary>
internal static class ReferenceEndpoints
{
    public const string DocumentPath = "/openapi/v1.json";
    public const string PagePath = "/reference";

    /// <summary>Put together when it is first asked for: few servers ever are.</summary>
    private static readonly Lazy<byte[]> Document = new(ReadDocument);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(DocumentPath, WriteDocumentAsync);
        endpoints.MapScalarApiReference(PagePath, page =>
        {
            page.Title = "Holdfast";
            page.OpenApiRoutePattern = DocumentPath;
            page.DefaultFonts = false; // They would come from another machine.
            page.Telemetry = false;

            // What would hand the document to somebody else's service.
            page.ShowDeveloperTools = DeveloperToolsVisibility.Never;
            page.HideClientButton = true;
            page.Agent = new ScalarAgentOptions { Disabled = true };
            page.Mcp = new ScalarMcpOptions { Disabled = true };
        });
    }

    private static Task WriteDocumentAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        var document = Document.Value;
        context.Response.ContentLength = document.Length;
        return context.Response.Body.WriteAsync(document, context.RequestAborted).AsTask();
    }

    /// <summary>The document, of which some resources have a file of their own.</summary>
    private static byte[] ReadDocument()
    {
        var document = ReadPart("openapi.json");
        Add(document, ReadPart("openapi.custody.json"));
        Add(document, ReadPart("openapi.integrations.json"));
        Add(document, ReadPart("openapi.bridges.json"));
        Add(document, ReadPart("openapi.calls.json"));
        Add(document, ReadPart("openapi.identities.json"));
        Add(document, ReadPart("openapi.limits.json"));
        return JsonSerializer.SerializeToUtf8Bytes(document, ApiJson.Readable.JsonObject);
    }

    private static void Add(JsonObject document, JsonObject part)
    {
        foreach (var (name, value) in part)
        {
            if (document[name] is JsonObject existing && value is JsonObject added)
            {
                Add(existing, added);
            }
            else if (document[name] is JsonArray list && value is JsonArray more)
            {
                foreach (var one in more)
                {
                    list.Add(one?.DeepClone());
                }
            }
            else
            {
                document[name] = value?.DeepClone();
            }
        }
    }

    private static JsonObject ReadPart(string name)
    {
        using var stream = typeof(ReferenceEndpoints).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly holds no {name}.");
        return JsonNode.Parse(stream)!.AsObject();
    }
}
