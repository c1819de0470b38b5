using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Holdfast.Status.Incidents;
using Holdfast.Status.Notifying;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Holdfast.Status.Managing;

/// <summary>The management API below <c>/api/v1/</c>: JSON, for who has the administrator's token.</summary>
internal sealed class ManagementApi(StatusDesk desk, AdminToken token, Postmortems postmortems, Subscriptions subscriptions)
{
    private const int MaximumBytes = 512 * 1024;
    private const int AuditShown = 1000;
    private const int FailuresShown = 100;
    private const string Who = "token";
    private const string Bearer = "Bearer ";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Answers a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    public async Task ServeAsync(HttpContext context, string path)
    {
        string authorization = context.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || !token.Is(authorization[Bearer.Length..].Trim()))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Answers.RefuseAsync(context, StatusCodes.Status401Unauthorized, $"The management API needs 'Authorization: Bearer TOKEN' with the token in the file '{AdminToken.FileName}' of the page's data directory.");
            return;
        }

        context.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = MaximumBytes;
        try
        {
            JsonNode? answer = await AnswerAsync(context, path.Split('/'));
            if (answer is null)
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer.ToJsonString(Indented) + "\n", context.RequestAborted);
        }
        catch (EditException exception)
        {
            await Answers.RefuseAsync(context, Status(exception.Problem), exception.Message);
        }
        catch (JsonException exception)
        {
            await Answers.RefuseAsync(context, StatusCodes.Status400BadRequest, $"The request is not understood at {exception.Path ?? "$"}: {exception.Message}");
        }
        catch (BadHttpRequestException exception)
        {
            await Answers.RefuseAsync(context, exception.StatusCode, $"A request has at most {MaximumBytes} bytes.");
        }
    }

    private static int Status(EditProblem problem) => problem switch
    {
        EditProblem.Missing => StatusCodes.Status404NotFound,
        EditProblem.Conflict => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status422UnprocessableEntity,
    };

    private async Task<JsonNode?> AnswerAsync(HttpContext context, string[] path) => (context.Request.Method, path) switch
    {
        ("GET", ["incidents"]) => ManagementJson.List(desk.Incidents().Select(ManagementJson.Write)),
        ("POST", ["incidents"]) => Incident("open incident", await ReadAsync(context, RequestJson.Default.IncidentRequest), (editor, request) => editor.Open(request)),
        (_, ["incidents", var id, .. var rest]) => await AnswerIncidentAsync(context, Number(id), rest),
        ("GET", ["maintenances"]) => ManagementJson.List(desk.Look().Maintenances.Select(ManagementJson.Write)),
        ("POST", ["maintenances"]) => ManagementJson.Write(await ScheduleAsync(context)),
        ("PATCH", ["maintenances", var id]) => ManagementJson.Write(await ChangeMaintenanceAsync(context, Number(id))),
        ("GET", ["announcements"]) => ManagementJson.List(desk.Look().Announcements.Select(ManagementJson.Write)),
        ("POST", ["announcements"]) => ManagementJson.Write(desk.Announce(Who, await ReadAsync(context, RequestJson.Default.AnnouncementRequest))),
        ("DELETE", ["announcements", var id]) => Withdraw(Number(id)),
        ("GET", ["components"]) => Components(),
        ("PUT", ["components", var name]) => Set(Uri.UnescapeDataString(name), await ReadAsync(context, RequestJson.Default.ComponentRequest)),
        ("DELETE", ["components", var name]) => Unset(Uri.UnescapeDataString(name)),
        ("GET", ["subscribers"]) => ManagementJson.List(desk.Use(tables => tables.Subscribers.All()).Select(ManagementJson.Write)),
        ("POST", ["subscribers"]) => ManagementJson.WriteWithSecret(subscriptions.Add(Who, await ReadAsync(context, RequestJson.Default.SubscriptionRequest))),
        ("DELETE", ["subscribers", var id]) => Unsubscribe(id),
        ("GET", ["deliveries"]) => ManagementJson.Write(desk.Use(tables => (tables.Deliveries.CountWaiting(), tables.Deliveries.Failures(FailuresShown)))),
        ("GET", ["audit"]) => ManagementJson.List(desk.Use(tables => tables.Audit.Newest(AuditShown)).Select(ManagementJson.Write)),
        _ => throw Missing(context),
    };

    private async Task<JsonNode?> AnswerIncidentAsync(HttpContext context, long id, string[] path) => (context.Request.Method, path) switch
    {
        ("GET", []) => ManagementJson.Write(Find(id)),
        ("PATCH", []) => Incident("correct incident", await ReadAsync(context, RequestJson.Default.IncidentRequest), (editor, request) => editor.Correct(id, request)),
        ("POST", ["updates"]) => Incident("update incident", await ReadAsync(context, RequestJson.Default.IncidentRequest), (editor, request) => editor.Update(id, request)),
        ("POST", ["confirm"]) => Incident("confirm incident", id, (editor, number) => editor.Confirm(number)),
        ("POST", ["acknowledge"]) => Incident("acknowledge incident", id, (editor, number) => editor.Acknowledge(number)),
        ("POST", ["merge"]) => Incident("merge incident", await ReadAsync(context, RequestJson.Default.MergeRequest), (editor, request) => editor.Merge(id, request)),
        ("GET", ["postmortem"]) => new JsonObject { ["text"] = await postmortems.DraftAsync(Find(id), context.RequestAborted), ["published"] = Find(id).PostmortemAt is not null },
        ("PUT", ["postmortem"]) => Incident("write postmortem", await ReadAsync(context, RequestJson.Default.PostmortemRequest), (editor, request) => editor.Write(id, request)),
        _ => throw Missing(context),
    };

    private static EditException Missing(HttpContext context)
        => new(EditProblem.Missing, $"There is no {context.Request.Method} {context.Request.Path}.");

    private static long Number(string text)
        => long.TryParse(text, System.Globalization.NumberStyles.None, Words.Culture, out long number) ? number : throw new EditException(EditProblem.Missing, $"'{text}' is no number.");

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        => await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) ?? throw Input.Invalid("The request is null.");

    private Incident Find(long id) => desk.Incidents().FirstOrDefault(incident => incident.Id == id) ?? throw new EditException(EditProblem.Missing, $"There is no incident {id}.");

    private JsonObject Incident<T>(string action, T request, Func<IncidentEditor, T, Incident> edit) => ManagementJson.Write(desk.Edit(Who, action, editors =>
    {
        Incident incident = edit(editors.Incidents, request);
        return (incident, $"{incident.Id} {incident.Title}");
    }));

    private async Task<Maintenances.Maintenance> ScheduleAsync(HttpContext context)
    {
        MaintenanceRequest request = await ReadAsync(context, RequestJson.Default.MaintenanceRequest);
        return desk.Schedule(Who, request);
    }

    private async Task<Maintenances.Maintenance> ChangeMaintenanceAsync(HttpContext context, long id)
    {
        MaintenanceRequest request = await ReadAsync(context, RequestJson.Default.MaintenanceRequest);
        return desk.ChangeMaintenance(Who, id, request);
    }

    private JsonNode? Withdraw(long id)
    {
        desk.Withdraw(Who, id);
        return null;
    }

    private JsonArray Components()
    {
        StatusView view = desk.Look();
        return ManagementJson.List(view.Board.Components.Select(component => ManagementJson.Write(component, view)));
    }

    private JsonObject Set(string name, ComponentRequest request)
    {
        ComponentSettings settings = desk.Set(Who, name, request);
        return new JsonObject { ["name"] = settings.Name, ["description"] = settings.Description, ["objective"] = settings.Objective, ["position"] = settings.Position };
    }

    private JsonNode? Unsubscribe(string id)
    {
        desk.RemoveSubscriber(Who, id);
        return null;
    }

    private JsonNode? Unset(string name)
    {
        desk.Unset(Who, name);
        return null;
    }
}
