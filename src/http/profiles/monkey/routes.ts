import type { RouteAccess } from "../../access.ts";
import { type Answer, done } from "./answers.ts";
import type { Asked, MonkeySubject } from "./asked.ts";
import {
  backupList,
  backupPreview,
  backupProgress,
  backupStatus,
  createBackup,
  deleteAllBackups,
  deleteBackup,
  restoreBackup,
} from "./backups.ts";
import { changeTo, containerList, deleteContainer, details, logs, redeploy, stats } from "./containers.ts";
import { allProgress, createAll, download, downloadAll, prepareAll, upload, uploadNetwork } from "./files.ts";
import { authStatus, changePassword, logIn, logOut } from "./login.ts";
import { backUpNetwork, deleteNetwork, networkBackups, networkList, restoreNetwork } from "./networks.ts";
import { cleanImages, deleteImage, deleteVolume, deleteVolumes, imageList, volumeList } from "./storage.ts";
import { dashboardStats, stackList, statistics, systemStats } from "./totals.ts";

export interface MonkeyRoute {
  readonly method: "GET" | "POST" | "DELETE";
  /** With parameters as `<name>`. */
  readonly path: string;
  readonly access: RouteAccess;
  /** For the README. */
  readonly summary: string;
  /** Only where `http.monkey.destructive` says so. */
  readonly destructive?: true;
  /** The body is a form with a file. */
  readonly form?: true;
  readonly answer: (subject: MonkeySubject, asked: Asked) => Answer | Promise<Answer>;
}

type Given = Pick<MonkeyRoute, "summary" | "answer"> & Partial<Pick<MonkeyRoute, "destructive" | "form">>;

function route(
  method: MonkeyRoute["method"],
  path: string,
  scope: "read" | "control" | "admin" | "anyone",
  given: Given,
) {
  const access: RouteAccess = scope === "anyone" ? {} : { scope };
  return { method, path: `/api/${path}`, access, ...given } satisfies MonkeyRoute;
}

const destructive = true as const;

/** The routes of Container Monkey that are served, in the order of the README's table. */
export const monkeyRoutes: readonly MonkeyRoute[] = [
  route("POST", "login", "anyone", { summary: "Begins a session of a user in `http.users`.", answer: logIn }),
  route("POST", "logout", "anyone", { summary: "Ends it.", answer: logOut }),
  route("GET", "auth-status", "anyone", { summary: "Who is logged in.", answer: authStatus }),
  route("POST", "change-password", "admin", { summary: "Says where users stand.", answer: changePassword }),
  route("GET", "containers", "read", { summary: "All containers.", answer: containerList }),
  route("POST", "container/<id>/start", "control", { summary: "Starts one.", answer: changeTo("start") }),
  route("POST", "container/<id>/stop", "control", { summary: "Stops it.", answer: changeTo("stop") }),
  route("POST", "container/<id>/restart", "control", { summary: "Restarts it.", answer: changeTo("restart") }),
  route("POST", "container/<id>/redeploy", "control", { summary: "Makes it anew.", destructive, answer: redeploy }),
  route("GET", "container/<id>/details", "admin", { summary: "All of it, with its environment.", answer: details }),
  route("GET", "container/<id>/logs", "read", { summary: "Its last lines; `tail=100`.", answer: logs }),
  route("GET", "container/<id>/stats", "read", { summary: "Its figures.", answer: stats }),
  route("DELETE", "container/<id>/delete", "admin", {
    ...{
      summary: "Removes it by force; `delete_volumes=true` its volumes, too.",
      destructive,
      answer: deleteContainer,
    },
  }),
  route("POST", "backup/<id>", "control", { summary: "Backs it up; `queue=true`.", answer: createBackup }),
  route("GET", "backup-progress/<id>", "read", { summary: "How far that is.", answer: backupProgress }),
  route("GET", "backup/status", "read", { summary: "Is a backup under way?", answer: backupStatus }),
  route("GET", "backups", "read", { summary: "The backups.", answer: backupList }),
  route("GET", "backup/<filename>/preview", "admin", { summary: "What is in one.", answer: backupPreview }),
  route("POST", "restore-backup", "admin", { summary: "Restores it.", destructive, answer: restoreBackup }),
  route("DELETE", "backup/<filename>", "admin", { summary: "Deletes it.", destructive, answer: deleteBackup }),
  route("DELETE", "backups/delete-all", "admin", {
    ...{ summary: "Deletes all, also networks' definitions.", destructive, answer: deleteAllBackups },
  }),
  route("GET", "download/<filename>", "admin", { summary: "Its file.", answer: download }),
  route("POST", "upload-backup", "admin", {
    summary: "Takes one as the form field `file`.",
    form: true,
    answer: upload,
  }),
  route("POST", "backups/download-all-prepare", "admin", { summary: "Begins a download of all.", answer: prepareAll }),
  route("POST", "backups/download-all-create/<id>", "admin", { summary: "Names the archive.", answer: createAll }),
  route("GET", "backups/download-all-progress/<id>", "admin", { summary: "Is it ready?", answer: allProgress }),
  route("GET", "backups/download-all/<id>", "admin", { summary: "All, as a tar archive.", answer: downloadAll }),
  route("GET", "volumes", "read", { summary: "The volumes.", answer: volumeList }),
  route("DELETE", "volume/<name>/delete", "admin", { summary: "Deletes one.", destructive, answer: deleteVolume }),
  route("POST", "volumes/delete", "admin", { summary: "Deletes several.", destructive, answer: deleteVolumes }),
  route("GET", "images", "read", { summary: "The images.", answer: imageList }),
  route("DELETE", "image/<id>/delete", "admin", { summary: "Deletes one.", destructive, answer: deleteImage }),
  route("POST", "cleanup/dangling-images", "control", {
    ...{ summary: "Removes those without a tag that nothing needs.", answer: cleanImages },
  }),
  route("POST", "cleanup/temp-containers", "control", {
    summary: "Nothing: Gangway removes its own by itself.",
    answer: () => done("No temporary containers found", { removed: 0 }),
  }),
  route("GET", "networks", "read", { summary: "The networks.", answer: networkList }),
  route("POST", "network/<id>/backup", "control", { summary: "Backs up its definition.", answer: backUpNetwork }),
  route("POST", "network/restore", "admin", { summary: "Makes it again.", destructive, answer: restoreNetwork }),
  route("DELETE", "network/<id>/delete", "admin", { summary: "Deletes one.", destructive, answer: deleteNetwork }),
  route("GET", "network-backups", "read", { summary: "The files with definitions.", answer: networkBackups }),
  route("POST", "upload-network-backup", "admin", {
    ...{ summary: "Takes such a file as the form field `file`.", form: true, answer: uploadNetwork },
  }),
  route("GET", "dashboard-stats", "read", { summary: "How many there are of everything.", answer: dashboardStats }),
  route("GET", "system-stats", "read", { summary: "The machine.", answer: systemStats }),
  route("GET", "statistics", "read", { summary: "The figures of all containers.", answer: statistics }),
  route("GET", "stacks", "read", { summary: "The stacks.", answer: stackList }),
];
